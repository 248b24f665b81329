"""Every runtime keeps the same promises; the test class is one, the runtimes change."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.labels import HEADS, SENTIMENTS, TOPICS
from models.mentions import find
from models.runtime.loading import load_runtime
from models.runtime.protocol import Prediction, Runtime
from pipeline import settings

if TYPE_CHECKING:
    from models.runtime.cpu import Way

PLAIN = [
    "Bank misses coupon payment as depositors queue to withdraw cash",
    "上调目标价，分析师维持买入评级",
    "The museum opens a new wing on Saturday.",
    "某地产商未能如期兑付到期债券，构成违约",
    "Copper climbs as smelters cut output",
]
WEIRD = [
    "",
    " \n\t\u200b",
    "<s></s><mask><pad><unk>",
    "\ud83d\udcc9" * 50,
    "e\u0301" * 300,
    "\x00\x07\ufffd\u202e",
    "ﾃｽﾄ ｶﾞ Ω≈ç√",
    "word " * 60_000,
    "银行" * 60_000,
]


# Who is asked about in each of PLAIN; "?" is named nowhere.
NAMES = [["Bank", "?"], ["分析师"], [], ["某地产商", "债券"], ["Copper", "?", "smelters"]]


def _entities(predictions: list[Prediction]) -> np.ndarray:
    return np.array([e.sentiment_probs for p in predictions for e in p.entities or ()])


def _flat(predictions: list[Prediction]) -> np.ndarray:
    return np.array([[*p.topic_probs, *p.sentiment_probs] for p in predictions])


class RuntimeContract:
    """The promises of models.runtime.protocol.Runtime."""

    # How far a probability may be from what it is in another batch.
    near = 1e-3

    def test_gives_one_prediction_a_text_in_order(self, runtime: Runtime) -> None:
        forwards = _flat(runtime.score(PLAIN))
        backwards = _flat(runtime.score(PLAIN[::-1]))
        assert np.abs(forwards - backwards[::-1]).max() <= self.near
        assert len({tuple(row.round(6)) for row in forwards}) == len(PLAIN)

    def test_probabilities_are_one_a_label_and_sum_to_one(self, runtime: Runtime) -> None:
        for prediction in runtime.score(PLAIN + WEIRD):
            for labels, probs in (
                (TOPICS, prediction.topic_probs),
                (SENTIMENTS, prediction.sentiment_probs),
            ):
                assert len(probs) == len(labels)
                assert min(probs) >= 0
                assert sum(probs) == pytest.approx(1, abs=1e-6)

    def test_no_text_at_all_gives_no_prediction(self, runtime: Runtime) -> None:
        assert runtime.score([]) == []

    def test_empty_huge_and_weird_texts_do_not_disturb_their_neighbours(
        self, runtime: Runtime
    ) -> None:
        mixed = runtime.score([*WEIRD, *PLAIN])
        assert np.abs(_flat(mixed[len(WEIRD) :]) - _flat(runtime.score(PLAIN))).max() <= self.near

    def test_a_batch_of_one_equals_a_batch_of_many(self, runtime: Runtime) -> None:
        many = _flat(runtime.score(PLAIN * 20))[: len(PLAIN)]
        ones = _flat([runtime.score([text])[0] for text in PLAIN])
        assert np.abs(many - ones).max() <= self.near

    def test_the_same_texts_give_the_same_answer(self, runtime: Runtime) -> None:
        assert np.array_equal(_flat(runtime.score(PLAIN)), _flat(runtime.score(PLAIN)))

    def test_a_vector_is_of_unit_length_or_absent(self, runtime: Runtime) -> None:
        for prediction in runtime.score(PLAIN + WEIRD):
            if prediction.vector is not None:
                assert prediction.vector.dtype == np.float32
                assert np.linalg.norm(prediction.vector) == pytest.approx(1, abs=1e-3)

    def test_every_entity_asked_about_is_answered_in_order(self, runtime: Runtime) -> None:
        asked = [find(names, text) for names, text in zip(NAMES, PLAIN, strict=True)]
        for prediction, names in zip(runtime.score(PLAIN, asked), NAMES, strict=True):
            assert prediction.entities is not None
            assert [entity.read for entity in prediction.entities] == [
                name != "?" for name in names
            ]
            for number, entity in enumerate(prediction.entities):
                assert entity.sentiment_probs == prediction.entity_probs(number)
                assert len(entity.sentiment_probs) == len(SENTIMENTS)
                assert min(entity.sentiment_probs) >= 0
                assert sum(entity.sentiment_probs) == pytest.approx(1, abs=1e-6)

    def test_asking_changes_no_other_answer(self, runtime: Runtime) -> None:
        asked = [find(names, text) for names, text in zip(NAMES, PLAIN, strict=True)]
        assert (
            np.abs(_flat(runtime.score(PLAIN, asked)) - _flat(runtime.score(PLAIN))).max()
            <= self.near
        )
        alone = [runtime.score([text], [one])[0] for text, one in zip(PLAIN, asked, strict=True)]
        together = runtime.score(PLAIN, asked)
        assert np.abs(_entities(alone) - _entities(together)).max() <= self.near

    def test_weird_places_in_weird_texts_are_answered_too(self, runtime: Runtime) -> None:
        places = [(), ((0, 4),), ((-1, 3),), ((5, 2),), ((10**9, 10**9 + 1),), ((90_000, 90_006),)]
        for prediction in runtime.score(WEIRD, [places] * len(WEIRD)):
            assert prediction.entities is not None
            assert len(prediction.entities) == len(places)
            assert not prediction.entities[0].read
            assert all(sum(e.sentiment_probs) == pytest.approx(1) for e in prediction.entities)

    def test_names_the_weights_it_decides_by(self, runtime: Runtime) -> None:
        assert len(runtime.weights_digest) == 64
        assert runtime.model_id.endswith(runtime.weights_digest[:8])


class TestStub(RuntimeContract):
    @pytest.fixture
    def runtime(self, tmp_path: Path) -> Runtime:
        return load_runtime("stub", tmp_path, tmp_path)


@pytest.mark.slow
class TestTorchOnCpu(RuntimeContract):
    @pytest.fixture
    def runtime(self, model: Path) -> Runtime:
        return load_runtime("cpu", model, model, "torch-fp32")

    def test_a_model_from_before_the_entity_head_judges_entities_by_their_text(
        self, tmp_path: Path
    ) -> None:
        from tests.fixtures.tiny_model import write_base, write_model

        write_model(tmp_path / "model", write_base(tmp_path / "base"), HEADS)
        older = load_runtime("cpu", tmp_path / "model", tmp_path, "torch-fp32")
        (prediction,) = older.score([PLAIN[0]], [find(["Bank"], PLAIN[0])])
        assert prediction.entities is None
        assert prediction.entity_probs(0) == prediction.sentiment_probs


class NearContract(RuntimeContract):
    """The same, and what torch says in float32 within bounds."""

    # The share of texts that keep their label, whatever the head.
    agreed = 0.995

    @pytest.fixture
    def shipped(self, way: "Way") -> Runtime:
        conf = settings.load()
        return load_runtime("cpu", conf.model_dir, conf.cache / "base", way)

    def test_says_what_float32_says(self, shipped: Runtime, said: list[Prediction]) -> None:
        texts = _texts()
        here = shipped.score(texts)
        assert np.abs(_flat(here) - _flat(said)).max() <= self.near
        for probs in (lambda p: p.topic_probs, lambda p: p.sentiment_probs):
            labels = [[np.argmax(probs(one)) for one in some] for some in (here, said)]
            assert np.mean(np.equal(*labels)) >= self.agreed
        vectors = [np.array([one.vector for one in some]) for some in (here, said)]
        assert (vectors[0] * vectors[1]).sum(axis=1).min() >= 1 - self.near


def _texts() -> list[str]:
    """The sample newswire's headlines and articles, in both languages."""
    lines = [
        json.loads(line)
        for name in ("en", "zh")
        for line in (settings.ROOT / f"demo/newswire/articles/{name}.jsonl").open(encoding="utf-8")
    ]
    return [text for one in lines for text in (one["title"], "\n".join(one["body"]))]


@pytest.fixture(scope="module")
def said() -> list[Prediction]:
    """What the shipped model says of them in float32."""
    conf = settings.load()
    return load_runtime("cpu", conf.model_dir, conf.cache / "base", "torch-fp32").score(_texts())


@pytest.mark.slow
class TestBfloat16OnCpu(NearContract):
    near = 0.05

    @pytest.fixture
    def way(self) -> "Way":
        return "torch-bf16"

    @pytest.fixture
    def runtime(self, model: Path) -> Runtime:
        try:
            return load_runtime("cpu", model, model, "torch-bf16")
        except RuntimeError as error:
            pytest.skip(f"this processor has no bfloat16: {error}")


@pytest.mark.slow
class TestOnnxOnCpu(NearContract):
    near = 1e-3

    @pytest.fixture
    def way(self) -> "Way":
        return "onnx-fp32"

    @pytest.fixture
    def runtime(self, model: Path) -> Runtime:
        return load_runtime("cpu", model, model, "onnx-fp32")


@pytest.mark.slow
@pytest.mark.cuda
class TestTorchOnCuda(RuntimeContract):
    @pytest.fixture
    def runtime(self, model: Path) -> Runtime:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device here")
        return load_runtime("cuda", model, model)

    def test_says_what_the_cpu_says(self, runtime: Runtime, model: Path) -> None:
        on_cpu = load_runtime("cpu", model, model, "torch-fp32").score(PLAIN)
        assert np.abs(_flat(runtime.score(PLAIN)) - _flat(on_cpu)).max() <= 1e-3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder over a tiny encoder."""
    # Importing torch takes seconds that the stub's tests need not spend.
    from tests.fixtures.tiny_model import write_base, write_model

    folder = tmp_path_factory.mktemp("runtime")
    write_model(folder / "model", write_base(folder / "base"))
    return folder / "model"
