"""A training that is killed goes on where it was, and ends where it would have ended."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from models.base import Base
from models.checkpoint import Checkpoint, Standing
from models.errors import ModelError
from models.heads import Classifier, trained
from models.rows import of_corpus
from models.train import train
from models.tuning import fresh, optimizer_of
from pipeline.settings import ROOT
from tests.fixtures.tiny_model import write_base
from tests.fixtures.tiny_training import RECIPE, job, lines

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return write_base(tmp_path_factory.mktemp("resume") / "base")


@pytest.fixture(scope="module")
def uninterrupted(base: Base) -> str:
    out = base.folder.parent / "uninterrupted"
    return train(of_corpus(lines(), RECIPE), job(base, lambda _: None), out).weights_digest


@pytest.mark.parametrize("at", ["held-out run 0.5", "held-out run 1.5", "final run 2.3"])
def test_a_killed_training_ends_with_the_same_weights(
    base: Base, uninterrupted: str, tmp_path: Path, at: str
) -> None:
    out = tmp_path / "model"
    command = [sys.executable, "-m", "tests.fixtures.tiny_training", str(base.folder), str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for line in child.stdout:
            if line.startswith(at):
                child.kill()
                break
        else:
            pytest.fail(f"it never came to {at}")
    assert not out.exists()
    told: list[tuple[str, float]] = []
    manifest = train(
        of_corpus(lines(), RECIPE), job(base, lambda p: told.append((p.stage, p.epoch))), out
    )
    stage, epoch = at.rsplit(" ", 1)
    assert told[0][0] == stage
    assert told[0][1] >= float(epoch)
    assert manifest.weights_digest == uninterrupted
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_is_kept_of_another_recipe_is_refused(base: Base, tmp_path: Path) -> None:
    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(of_corpus(lines(), RECIPE), job(base, killed, keep=0), tmp_path / "model")
    with pytest.raises(ModelError, match="unfinished training of other rows or by another recipe"):
        train(of_corpus(lines(), RECIPE), job(base, killed, seed=4), tmp_path / "model")
    with pytest.raises(ModelError, match=r"model\.unfinished"):
        train(of_corpus(lines(100), RECIPE), job(base, killed), tmp_path / "model")


def test_a_damaged_file_is_a_sentence(base: Base, tmp_path: Path) -> None:
    unfinished = tmp_path / "model.unfinished"
    unfinished.mkdir()
    (unfinished / "held-out run.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="is damaged: remove it"):
        train(of_corpus(lines(), RECIPE), job(base, lambda _: None), tmp_path / "model")


def _model(base: Base) -> Classifier:
    torch.manual_seed(5)
    return fresh(base, replace(RECIPE, tuning="full"), {"topic": ("a", "b")}, range(40))


def test_the_file_holds_weights_moments_and_the_best_so_far(base: Base, tmp_path: Path) -> None:
    from safetensors import safe_open

    model = _model(base)
    optimizer = optimizer_of(model, RECIPE)
    for weights in trained(model).values():
        weights.grad = torch.ones_like(weights)
    optimizer.step()
    best = {name: torch.zeros_like(weights) for name, weights in trained(model).items()}
    file = Checkpoint(tmp_path / "kept.safetensors", "recipe", 0)
    file.write(Standing(epoch=2, step=7, best=0.5, best_epoch=1), model, optimizer, best)
    other = _model(base)
    again = optimizer_of(other, RECIPE)
    found = file.read(other, again)
    assert found
    assert found[0] == Standing(epoch=2, step=7, best=0.5, best_epoch=1)
    assert found[1].keys() == best.keys()
    for (name, ours), theirs in zip(trained(model).items(), trained(other).values(), strict=True):
        assert torch.equal(ours, theirs), name
        for key, value in optimizer.state[ours].items():
            assert torch.equal(value, again.state[theirs][key])
    with safe_open(tmp_path / "kept.safetensors", framework="pt") as opened:
        assert not any("embeddings.word" in name for name in opened.keys())  # noqa: SIM118


def test_what_was_written_last_is_due_again_after_a_while(tmp_path: Path) -> None:
    now = [100.0]
    file = Checkpoint(tmp_path / "kept.safetensors", "recipe", 60, clock=lambda: now[0])
    assert not file.due()
    now[0] += 60
    assert file.due()
