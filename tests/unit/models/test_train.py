"""Training, end to end, on an encoder of a few thousand weights."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace as but
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from models import fit
from models.artefact import ENCODER, read_manifest
from models.base import Base
from models.data import digest
from models.errors import ModelError
from models.fit import Progress
from models.labelled import Labelled, measure
from models.labels import ENTITY, LABELS
from models.mentions import find
from models.rows import Entity, Label, Material, Row, of_corpus
from models.runtime.loading import load_runtime
from models.train import train
from tests.fixtures.tiny_model import write_base
from tests.fixtures.tiny_training import RECIPE, job, lines

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_base(tmp_path_factory.mktemp("train") / "base")


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def model(base: Base, told: list[Progress]) -> Path:
    out = base.folder.parent / "model"
    train(of_corpus(lines(), RECIPE), job(base, told.append), out)
    return out


def test_learns_what_tells_the_texts_apart(model: Path) -> None:
    held_out = read_manifest(model).held_out
    assert held_out.heads["topic"]["en"].accuracy.value >= 0.95
    assert held_out.heads[ENTITY]["zh"].accuracy.value >= 0.95
    rows = [
        Labelled(
            x.text,
            x.lang,
            {"topic": x.topic, "sentiment": x.sentiment},
            tuple((spans, x.sentiment) for spans in find([x.entities[0].name], x.text)),
        )
        for x in lines()
    ]
    measured = measure(load_runtime("cpu", model, model, "torch-fp32"), rows, "all")
    assert measured.heads["sentiment"]["zh"].macro_f1.value >= 0.95
    assert measured.heads[ENTITY]["en"].macro_f1.value >= 0.95


def test_the_manifest_says_what_it_was_trained_on(model: Path) -> None:
    manifest = read_manifest(model)
    assert manifest.training.data_digest == digest(lines())
    assert manifest.training.rows == 160
    assert manifest.training.seed == 3
    assert 1 <= manifest.training.epochs <= RECIPE.epochs
    assert sum(manifest.held_out.rows.values()) == pytest.approx(160 * RECIPE.held_out_share, abs=2)


def test_the_same_seed_gives_the_same_model(model: Path, base: Base, tmp_path: Path) -> None:
    again = train(of_corpus(lines(), RECIPE), job(base, lambda _: None), tmp_path / "again")
    assert again.weights_digest == read_manifest(model).weights_digest


def test_tells_its_progress_without_a_gap(model: Path, told: list[Progress]) -> None:
    assert [p.stage for p in told] == sorted((p.stage for p in told), reverse=True)
    for stage in ("held-out run", "final run"):
        passes = [p.epoch for p in told if p.stage == stage]
        assert passes == sorted(passes)
    assert all(np.isfinite(p.loss) and p.rate > 0 for p in told)
    assert told[-1].remaining == 0
    assert any(p.dev is not None for p in told)


def _rows(**labels: Mapping[str, Label]) -> list[Row]:
    """The tiny lines, with what is given for the negative and the positive ones."""
    return [Row(x.text, x.lang, labels[x.sentiment]) for x in lines()]


def _material(rows: list[Row], **fields: object) -> Material:
    parts = {"fit": rows[:120], "dev": rows[120:140], "held_out": rows[140:]}
    return Material(**{"name": "mixture", "digest": "0" * 64, "refit": False} | parts | fields)


def test_learns_from_rows_that_are_known_in_part(base: Base, tmp_path: Path) -> None:
    rows = _rows(
        negative={"sentiment": Label(("negative",))},
        positive={"sentiment": Label(("neutral", "positive"))},
    )
    # To the last pass: the first that is right of every development row is not yet sure of all.
    training = but(job(base, lambda _: None), recipe=replace(RECIPE, patience=0))
    train(_material(rows), training, tmp_path / "model")
    said = load_runtime("cpu", tmp_path / "model", base.folder, "torch-fp32").score(
        [row.text for row in rows]
    )
    negative = np.array([one.sentiment_probs[0] for one in said])
    assert (negative[::2] > 0.8).all()
    assert (negative[1::2] < 0.2).all()


def test_a_mixture_ships_the_model_that_was_measured(base: Base, tmp_path: Path) -> None:
    told: list[Progress] = []
    sure = {"negative": {"topic": Label(("energy",))}, "positive": {"topic": Label(("macro",))}}
    manifest = train(_material(_rows(**sure)), job(base, told.append), tmp_path / "model")
    assert {p.stage for p in told} == {"held-out run"}
    assert (manifest.training.data, manifest.training.rows) == ("mixture", 120)
    assert manifest.held_out.heads.keys() == {"topic"}
    assert manifest.held_out.heads["topic"]["en"].rows == 10


def test_an_auxiliary_head_answers_in_its_own_words(base: Base, tmp_path: Path) -> None:
    rows = _rows(
        negative={"their_topic": Label(("Up",))}, positive={"their_topic": Label(("Down",))}
    )
    material = _material(rows, auxiliary={"their_topic": ("Down", "Up", "Sideways")})
    train(material, job(base, lambda _: None), tmp_path / "model")
    (one,) = load_runtime("cpu", tmp_path / "model", base.folder, "torch-fp32").score(
        [rows[0].text]
    )
    assert one.auxiliary["their_topic"]["Up"] > 0.8
    assert sum(one.auxiliary["their_topic"].values()) == pytest.approx(1)


def test_two_companies_of_one_text_may_fare_differently(base: Base, tmp_path: Path) -> None:
    rows = []
    for bad, good in zip(lines()[::2], lines()[1::2], strict=True):
        text = f"{bad.text}; {good.text}"
        spans = find([bad.entities[0].name, good.entities[0].name], text)
        entities = [
            Entity(s, Label((x,))) for s, x in zip(spans, ("negative", "positive"), strict=True)
        ]
        rows.append(Row(text, "en", {}, tuple(entities)))
    recipe = replace(RECIPE, epochs=20, patience=20, window=100, train_tokens=100)
    training = but(job(base, lambda _: None), recipe=recipe)
    material = _material(rows, fit=rows[:60], dev=rows[60:70], held_out=rows[70:])
    manifest = train(material, training, tmp_path / "model")
    assert manifest.held_out.heads[ENTITY]["en"].accuracy.value >= 0.9


def test_all_weights_are_trained_where_the_recipe_says_so(base: Base, tmp_path: Path) -> None:
    training = but(job(base, lambda _: None), recipe=replace(RECIPE, tuning="full"))
    manifest = train(of_corpus(lines(), RECIPE), training, tmp_path / "model")
    assert manifest.tuning == "full"
    assert manifest.held_out.heads["topic"]["en"].accuracy.value >= 0.95
    assert (tmp_path / "model" / ENCODER).is_file()
    said = load_runtime("cpu", tmp_path / "model", base.folder, "torch-fp32").score(
        [lines()[0].text]
    )
    assert said[0].topic_probs[LABELS["topic"].index("energy")] > 0.8


def test_a_step_computed_in_parts_is_the_step_computed_at_once(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In bfloat16 the sums are too coarse to compare.
    monkeypatch.setattr(fit, "autocast", lambda _: nullcontext())

    def weights(tokens: int, rate: float) -> torch.Tensor:
        recipe = replace(
            RECIPE,
            **{"batch_tokens": tokens, "epochs": 1, "patience": 0, "head_dropout": 0.0},
            head_learning_rate=rate,
        )
        out = tmp_path / f"{tokens} {rate}"
        train(of_corpus(lines(), recipe), but(job(base, lambda _: None), recipe=recipe), out)
        found = load_file(out / "heads.safetensors")
        return torch.cat([found[name].flatten() for name in sorted(found)])

    parts, whole, before = weights(100, 1e-3), weights(10_000, 1e-3), weights(10_000, 0.0)
    assert (parts - whole).norm() < 0.01 * (whole - before).norm()


def test_memory_that_will_not_do_is_told_before_the_start(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "free", lambda _: 10_000)
    with pytest.raises(ModelError, match="This training needs about"):
        train(of_corpus(lines(), RECIPE), job(base, lambda _: None), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
