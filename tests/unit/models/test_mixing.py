"""What of the encoder learns, and how much of that is kept."""

from dataclasses import replace as but
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from models.artefact import ADAPTER, ENCODER, HEAD_WEIGHTS
from models.base import Base
from models.rows import of_corpus
from models.train import train
from tests.fixtures.tiny_model import write_base
from tests.fixtures.tiny_training import RECIPE, job, lines

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_base(tmp_path_factory.mktemp("mixing") / "base")


def _trained(base: Base, out: Path, **changes: object) -> Path:
    recipe = replace(
        RECIPE, **{"epochs": 2, "patience": 0, "probe_epochs": 0, "mixing": 1.0} | changes
    )
    train(of_corpus(lines(), recipe), but(job(base, lambda _: None), recipe=recipe), out)
    return out


def test_the_first_passes_teach_the_heads_alone(base: Base, tmp_path: Path) -> None:
    probed = _trained(base, tmp_path / "probed", probe_epochs=2)
    untaught = _trained(base, tmp_path / "untaught", probe_epochs=2, head_learning_rate=0.0)
    adapter, heads = load_file(probed / ADAPTER), load_file(probed / HEAD_WEIGHTS)
    assert all(not weights.any() for name, weights in adapter.items() if "lora_B" in name)
    before = load_file(untaught / HEAD_WEIGHTS)
    assert all(not torch.equal(heads[name], before[name]) for name in heads)


def test_the_passes_after_them_teach_the_encoder_too(base: Base, tmp_path: Path) -> None:
    adapter = load_file(_trained(base, tmp_path / "model", probe_epochs=1) / ADAPTER)
    assert all(weights.any() for name, weights in adapter.items() if "lora_B" in name)


def test_adapters_are_mixed_with_nothing(base: Base, tmp_path: Path) -> None:
    whole = _trained(base, tmp_path / "whole")
    half = _trained(base, tmp_path / "half", mixing=0.5)
    learned, kept = load_file(whole / ADAPTER), load_file(half / ADAPTER)
    for name, weights in learned.items():
        assert torch.allclose(kept[name], weights * (0.5 if "lora_B" in name else 1)), name
    heads, as_before = load_file(half / HEAD_WEIGHTS), load_file(whole / HEAD_WEIGHTS)
    assert all(torch.equal(heads[name], as_before[name]) for name in as_before)


def test_all_weights_are_mixed_with_what_they_were(base: Base, tmp_path: Path) -> None:
    whole = load_file(_trained(base, tmp_path / "whole", tuning="full") / ENCODER)
    half = load_file(_trained(base, tmp_path / "half", tuning="full", mixing=0.5) / ENCODER)
    before = base.encoder().state_dict()
    for name, weights in whole.items():
        assert torch.allclose(half[name], (weights + before[name]) / 2, atol=1e-6), name
