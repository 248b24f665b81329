"""What a training takes is told before it starts, by the numbers of its encoder."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from models.config import load_config
from models.errors import ModelError
from models.memory import Need, Shape, _left_to_group, estimate, require
from models.tuning import shape_of
from tests.fixtures.tiny_model import write_base

pytestmark = pytest.mark.slow

RECIPE = load_config().recipe
# multilingual-e5-small, 20,000 of its vocabulary in use, LoRA of rank 16.
SMALL = Shape(
    parameters=117_505_920,
    linear=21_233_664,
    vocabulary=96_014_208,
    kept=7_680_000,
    trained=1_800_000,
    hidden=384,
    layers=12,
    heads=12,
    inner=1536,
)


def test_weights_count_four_bytes_and_only_those_that_are_kept() -> None:
    need = estimate(SMALL, 16 * 112, 112, half=True, keeps_best=False)
    assert need.weights == 4 * (117_505_920 - 96_014_208 + 7_680_000)
    assert need.gradients == 4 * 1_800_000
    assert need.optimizer == 8 * 1_800_000
    assert need.loading == 4 * 117_505_920


def test_the_best_weights_so_far_are_kept_beside() -> None:
    need = estimate(SMALL, 16 * 112, 112, half=True, keeps_best=True)
    assert need.optimizer == 12 * 1_800_000


def test_activations_grow_with_the_tokens_and_with_the_square_of_the_longest() -> None:
    one, two, longer = (
        estimate(SMALL, *sizes, half=False, keeps_best=False).activations
        for sizes in ((1024, 64), (2048, 64), (1024, 128))
    )
    assert two == 2 * one
    assert longer - one == 13 * 1024 * 8 * 12 * 64


def test_reading_the_weights_may_be_the_peak() -> None:
    need = Need(loading=100, weights=30, gradients=10, optimizer=20, activations=5)
    assert need.total == 100
    assert replace_activations(need, 50).total == 110


def replace_activations(need: Need, activations: int) -> Need:
    return Need(need.loading, need.weights, need.gradients, need.optimizer, activations)


def test_what_fits_is_not_mentioned() -> None:
    require(Need(0, 10**9, 0, 0, 10**9), 3 * 10**9, RECIPE)


@pytest.mark.parametrize(
    ("need", "tuning", "advice"),
    [
        (Need(0, 1, 1, 1, 9 * 10**9), "lora", "lower batch_tokens"),
        (Need(0, 10**9, 2 * 10**9, 4 * 10**9, 0), "full", "train LoRA instead of all weights"),
        (Need(0, 9 * 10**9, 1, 1, 1), "lora", "smaller base encoder"),
        (Need(9 * 10**9, 1, 1, 1, 0), "lora", "smaller base encoder"),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_what_to_lower(
    need: Need, tuning: str, advice: str
) -> None:
    with pytest.raises(ModelError, match=rf"needs about \d\.\d GB .* 4\.0 GB are free: .*{advice}"):
        require(need, 4 * 10**9, replace(RECIPE, tuning=tuning))


def test_the_shape_of_an_encoder_is_read_from_its_files(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base")
    labels = {"topic": ("a", "b"), "entity": ("x", "y", "z")}
    shape = shape_of(base, replace(RECIPE, tuning="full"), labels, used=10)
    linear = 2 * (4 * 32 * 32 + 2 * 32 * 64)
    assert (shape.linear, shape.hidden, shape.layers, shape.inner) == (linear, 32, 2, 64)
    assert shape.kept == 320
    assert shape.trained == shape.parameters - shape.vocabulary + 32 * 5 + 3 * 32 * 32
    adapters = shape_of(base, replace(RECIPE, tuning="lora", lora_rank=4), {}, used=10)
    assert adapters.trained == 4 * 2 * (4 * 64 + 2 * 96)


def test_a_container_has_what_its_group_leaves_it(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert _left_to_group(tmp_path) == 2000
    (tmp_path / "memory.max").write_text("max\n")
    assert _left_to_group(tmp_path) == float("inf")
    assert _left_to_group(tmp_path / "none") == float("inf")
