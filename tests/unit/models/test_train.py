"""Training, end to end, on an encoder of a few thousand weights."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from models.artefact import read_manifest
from models.base import Base
from models.config import load_config
from models.data import Example, digest
from models.fit import Progress
from models.labelled import Labelled, measure
from models.runtime.loading import load_runtime
from models.train import Job, train
from tests.fixtures.tiny_model import write_base

pytestmark = pytest.mark.slow

# What a text of capitals and one of small letters are about: enough for a tiny encoder to learn.
KINDS = (("energy", "negative", "ABCDEFG"), ("macro", "positive", "tuvwxyz"))
RECIPE = replace(
    load_config().recipe,
    epochs=8,
    patience=3,
    batch=16,
    window=32,
    train_tokens=32,
    learning_rate=3e-3,
)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """A model this small only loses by two threads, all the more where others compute too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def lines() -> list[Example]:
    generator = random.Random(1)
    found = []
    for number in range(160):
        topic, sentiment, letters = KINDS[number % 2]
        text = " ".join("".join(generator.choices(letters, k=5)) for _ in range(5))
        found.append(Example(f"{number:03}", text, ("en", "zh")[number % 4 // 2], topic, sentiment))
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_base(tmp_path_factory.mktemp("train") / "base")


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def model(base: Base, lines: list[Example], told: list[Progress]) -> Path:
    out = base.folder.parent / "model"
    train(lines, _job(base, told), out)
    return out


def _job(base: Base, told: list[Progress]) -> Job:
    return Job("seed", base, RECIPE, 3, told.append)


def test_learns_what_tells_the_texts_apart(model: Path, lines: list[Example]) -> None:
    held_out = read_manifest(model).held_out
    assert held_out.heads["topic"]["en"].accuracy.value >= 0.95
    rows = [Labelled(x.text, x.lang, {"topic": x.topic, "sentiment": x.sentiment}) for x in lines]
    measured = measure(load_runtime("cpu", model, model), rows, "all")
    assert measured.heads["sentiment"]["zh"].macro_f1.value >= 0.95


def test_the_manifest_says_what_it_was_trained_on(model: Path, lines: list[Example]) -> None:
    manifest = read_manifest(model)
    assert manifest.training.data_digest == digest(lines)
    assert manifest.training.rows == 160
    assert manifest.training.seed == 3
    assert 1 <= manifest.training.epochs <= RECIPE.epochs
    assert sum(manifest.held_out.rows.values()) == pytest.approx(160 * RECIPE.held_out_share, abs=2)


def test_the_same_seed_gives_the_same_model(
    model: Path, base: Base, lines: list[Example], tmp_path: Path
) -> None:
    again = train(lines, _job(base, []), tmp_path / "again")
    assert again.weights_digest == read_manifest(model).weights_digest


def test_tells_its_progress_without_a_gap(model: Path, told: list[Progress]) -> None:
    assert [p.stage for p in told] == sorted((p.stage for p in told), reverse=True)
    for stage in ("held-out run", "final run"):
        passes = [p.epoch for p in told if p.stage == stage]
        assert passes == sorted(passes)
    assert all(np.isfinite(p.loss) for p in told)
    assert any(p.dev is not None for p in told)
