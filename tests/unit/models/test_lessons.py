"""Labels known in part teach what they say and no more; steps hold every lesson once."""

import random

import pytest
import torch

from models.lessons import Lesson, known, losses, parts, steps
from models.reading import Pass, Place
from models.rows import Label, Material, Row

pytestmark = pytest.mark.slow

LABELS = ("negative", "neutral", "positive")
CPU = torch.device("cpu")


def _lesson(label: Label | None, weight: float = 1.0, *entities: Label) -> Lesson:
    places = tuple(Place(number, (1,), (1,)) for number in range(len(entities)))
    labels = {"sentiment": label} if label else {}
    return Lesson(Pass(0, True, (0, 2), places), labels, entities, weight)


def _loss(label: Label, logits: list[float], smoothing: float = 0.0, weight: float = 1.0) -> float:
    what = known([_lesson(label, weight)], "sentiment", LABELS, CPU)
    assert what
    return losses(torch.tensor([logits]), what, smoothing).item()


LOGITS = [0.5, 1.5, -0.3]
SHARES = torch.tensor(LOGITS).softmax(0).tolist()


@pytest.mark.parametrize(
    ("label", "probability"),
    [
        (Label(("positive",)), SHARES[2]),
        (Label(("neutral", "positive")), SHARES[1] + SHARES[2]),
        (Label(("positive",), ("negative", "positive")), SHARES[2] / (SHARES[0] + SHARES[2])),
        (Label(LABELS), 1.0),
    ],
)
def test_the_loss_is_of_what_is_known(label: Label, probability: float) -> None:
    expected = -torch.tensor(probability).log().item()
    assert _loss(label, LOGITS) == pytest.approx(expected, abs=1e-6)


def test_a_plain_label_is_smoothed_as_everywhere() -> None:
    usual = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    expected = usual(torch.tensor([LOGITS]), torch.tensor([2])).item()
    assert _loss(Label(("positive",)), LOGITS, 0.1) == pytest.approx(expected, abs=1e-6)


def test_a_label_known_in_part_is_not_smoothed() -> None:
    label = Label(("neutral", "positive"))
    assert _loss(label, LOGITS, 0.1) == _loss(label, LOGITS)


def test_a_weight_scales_the_loss() -> None:
    label = Label(("negative",))
    assert _loss(label, LOGITS, weight=0.25) == pytest.approx(_loss(label, LOGITS) / 4)


def test_what_is_not_known_teaches_nothing() -> None:
    assert known([_lesson(None)], "sentiment", LABELS, CPU) is None
    what = known([_lesson(None), _lesson(Label(("neutral",)))], "sentiment", LABELS, CPU)
    assert what
    assert what.rows.tolist() == [1]


def test_entities_are_counted_pass_by_pass() -> None:
    taught = [
        _lesson(None, 1.0, Label(("negative",)), Label(("positive",))),
        _lesson(None),
        _lesson(None, 0.5, Label(("neutral",))),
    ]
    what = known(taught, "entity", LABELS, CPU)
    assert what
    assert what.said.long().argmax(1).tolist() == [0, 2, 1]
    assert what.weights.tolist() == [1.0, 1.0, 0.5]


def test_a_loss_never_pulls_where_a_label_was_not_possible() -> None:
    logits = torch.tensor([LOGITS], requires_grad=True)
    taught = [_lesson(Label(("positive",), ("negative", "positive")))]
    what = known(taught, "sentiment", LABELS, CPU)
    assert what
    losses(logits, what, 0.1).sum().backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0


def test_a_step_has_lessons_of_like_length_and_a_pass_each_of_them_once() -> None:
    lengths = [random.Random(n).randint(5, 100) for n in range(210)]
    found = steps(lengths, 8, random.Random(1))
    assert sorted(index for step in found for index in step) == list(range(210))
    spread = [max(lengths[i] for i in s) - min(lengths[i] for i in s) for s in found]
    assert sum(spread) / len(spread) < 30
    assert found == steps(lengths, 8, random.Random(1)) != steps(lengths, 8, random.Random(2))


def test_a_part_is_padded_to_no_more_tokens_than_allowed() -> None:
    assert list(parts([10, 10, 12, 30, 90, 5], 40)) == [[0, 1, 2], [3], [4], [5]]
    assert list(parts([], 40)) == []


@pytest.mark.parametrize("label", [((),), (("positive",), ("negative", "neutral"))])
def test_a_label_that_cannot_be_is_refused(label: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(ValueError, match="is not among"):
        Label(*label)


@pytest.mark.parametrize(
    "row",
    [
        Row("text", "en", {"sentiment": Label(("good",))}),
        Row("text", "en", {"weather": Label(("sunny",))}),
        Row("text", "en", weight=0.0),
    ],
)
def test_a_row_with_labels_of_no_head_is_refused(row: Row) -> None:
    from models.errors import ModelError

    with pytest.raises(ModelError, match="text"):
        Material("mixture", [row], [], [], "0" * 64, refit=False)
