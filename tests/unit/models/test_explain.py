"""The words that carry a label are those without which it loses its probability."""

from pathlib import Path

import numpy as np
import pytest

from models.explain import SHARE, Explainer, Explanation, Reading, fill
from models.labels import HEADS
from models.runtime.torch_runtime import TorchRuntime, load_torch
from tests.fixtures.tiny_model import write_base, write_model

pytestmark = pytest.mark.slow

TEXTS = [
    "Bank  misses\ncoupon, see https://a.b/c",
    "银行债券违约，ABC上调目标价",
    "银",
    "Supercalifragilistic",
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> TorchRuntime:
    folder: Path = tmp_path_factory.mktemp("explain")
    write_model(folder / "model", write_base(folder / "base"))
    return load_torch("cpu", folder / "model", folder)


@pytest.fixture(scope="module")
def explainer(runtime: TorchRuntime) -> Explainer:
    return runtime.explainer()


def _explained(explainer: Explainer, text: str, head: str) -> Explanation:
    (found,) = explainer.explain(text, [head])
    return found


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("text", [*TEXTS, "", " \n"])
def test_explains_the_answer_the_runtime_gives(
    runtime: TorchRuntime, explainer: Explainer, text: str, head: str
) -> None:
    probs = getattr(runtime.score([text])[0], f"{head}_probs")
    found = _explained(explainer, text, head)
    assert found.head == head
    assert found.label == HEADS[head][int(np.argmax(probs))]
    assert found.probability == pytest.approx(max(probs), abs=1e-5)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("text", TEXTS)
def test_the_first_carrier_costs_the_label_most(
    runtime: TorchRuntime, explainer: Explainer, text: str, head: str
) -> None:
    found = _explained(explainer, text, head)
    reading = explainer.read(text)
    label = HEADS[head].index(found.label)
    alone = [(i,) for i in range(len(reading.words)) if reading.size([i]) <= reading.room()]
    alone = alone or [(i,) for i in range(len(reading.words))]
    left = explainer.probabilities(reading, alone)[head][:, label]
    first = found.carriers[0]
    assert (first,) == alone[int(left.argmin())]
    assert found.words[first].fall == pytest.approx(found.probability - left.min(), abs=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_figures_are_what_the_label_loses_without_the_words(
    explainer: Explainer, head: str
) -> None:
    found, reading = _explained(explainer, TEXTS[0], head), explainer.read(TEXTS[0])
    label = HEADS[head].index(found.label)
    asked = [[i] for i in range(len(reading.words))]
    *alone, all_ = explainer.probabilities(reading, [*asked, found.carriers])[head][:, label]
    assert [word.fall for word in found.words] == pytest.approx(
        [found.probability - left for left in alone], abs=1e-5
    )
    assert found.together == pytest.approx(found.probability - all_, abs=1e-5)


def test_heads_are_explained_at_once_as_they_are_alone(explainer: Explainer) -> None:
    assert explainer.explain(TEXTS[0]) == [_explained(explainer, TEXTS[0], head) for head in HEADS]


def test_a_deleted_word_is_not_read(explainer: Explainer) -> None:
    reading = explainer.read("Bank misses coupon")
    kept = explainer.read("Bank coupon")
    assert reading.without([1]) == kept.ids
    one, two = (explainer.probabilities(r, [d]) for r, d in ((reading, [1]), (kept, [])))
    assert np.allclose(one["topic"], two["topic"], atol=1e-6)


@pytest.mark.parametrize("head", HEADS)
def test_carriers_are_at_most_a_fifth_of_what_was_read(explainer: Explainer, head: str) -> None:
    text = "Bank a misses b coupon c, of d a bond e f g h i j"
    found, reading = _explained(explainer, text, head), explainer.read(text)
    pieces = reading.size(range(len(reading.words)))
    assert len(set(found.carriers)) == len(found.carriers) > 1
    assert reading.size(found.carriers) <= round(SHARE * pieces)
    assert all(
        reading.size([*found.carriers, i]) > round(SHARE * pieces)
        for i in range(len(reading.words))
        if i not in found.carriers
    )


@pytest.mark.parametrize("text", TEXTS)
def test_words_stand_where_the_text_as_given_has_them(explainer: Explainer, text: str) -> None:
    shown = [text[word.start : word.end] for word in _explained(explainer, text, "topic").words]
    read = {
        TEXTS[0]: ["Bank", "misses", "coupon", ",", "see", "https://a.b/c"],
        TEXTS[1]: [*"银行债券违约，", "ABC", *"上调目标价"],
    }
    assert shown == read.get(text, [text])


def test_what_lies_beyond_the_window_takes_no_part(explainer: Explainer) -> None:
    text = "a b c d " * 100
    found = _explained(explainer, text, "sentiment")
    assert found.words[-1].end < 64
    assert len(found.words) == len(explainer.read(text).words)


def test_a_text_without_words_has_no_carriers(explainer: Explainer) -> None:
    found = _explained(explainer, " \n", "topic")
    assert (found.words, found.carriers) == ((), ())


def test_room_is_filled_in_order_by_what_fits(explainer: Explainer) -> None:
    reading: Reading = explainer.read("abc a abcd b c")
    # Every character is a piece, and so is the mark of a blank.
    sizes = [reading.size([i]) for i in range(5)]
    assert fill(reading, [0, 2, 1, 3], sizes[0] + sizes[1]) == [0, 1]
    assert fill(reading, [2, 1], 1) == [2]
    assert fill(reading, [], 3) == []
