"""Rows as a classifier is taught them: passes with what is known of each, batch by batch."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from models.batching import Encoder
from models.labels import ENTITY
from models.reading import Pass
from models.rows import Label, Row

# Steps whose lessons are sorted by length together: enough to keep padding low and the order
# of lines random.
_BUCKET: Final = 8


@dataclass(frozen=True)
class Lesson:
    """One pass over a row's text."""

    read: Pass
    # By head of the text; empty for the further passes of a long text.
    labels: Mapping[str, Label]
    # One for each of the pass's places.
    entities: tuple[Label, ...]
    weight: float


@dataclass(frozen=True)
class Known:
    """What is known of the rows of one head's logits."""

    # Rows of the head's logits of which something is known.
    rows: Tensor
    # [known rows, labels]: what the label may be, and what it could have been.
    said: Tensor
    among: Tensor
    weights: Tensor


def lessons(encoder: Encoder, rows: Sequence[Row]) -> list[Lesson]:
    """The lessons of all rows, row by row."""
    spans = [[entity.spans for entity in row.entities] for row in rows]
    found = []
    for read in encoder.passes([row.text for row in rows], spans):
        row = rows[read.text]
        found.append(
            Lesson(
                read,
                row.labels if read.first else {},
                tuple(row.entities[place.number].sentiment for place in read.places),
                row.weight,
            )
        )
    return found


def known(
    lesson_rows: Sequence[Lesson], head: str, labels: Sequence[str], device: torch.device
) -> Known | None:
    """What a batch of lessons says about one head; None where that is nothing."""
    found: list[tuple[int, Label, float]] = []
    if head == ENTITY:
        each = [(label, one.weight) for one in lesson_rows for label in one.entities]
        found = [(row, label, weight) for row, (label, weight) in enumerate(each)]
    else:
        found = [
            (row, one.labels[head], one.weight)
            for row, one in enumerate(lesson_rows)
            if head in one.labels
        ]
    if not found:
        return None
    said = [[name in label.said for name in labels] for _, label, _ in found]
    among = [[not label.among or name in label.among for name in labels] for _, label, _ in found]
    return Known(
        torch.tensor([row for row, _, _ in found], device=device),
        torch.tensor(said, device=device),
        torch.tensor(among, device=device),
        torch.tensor([weight for _, _, weight in found], device=device),
    )


def losses(logits: Tensor, what: Known, smoothing: float) -> Tensor:
    """[known rows]: minus the log of the probability that the label is one of those said.

    Labels that were not possible are left out of the probabilities. `smoothing` moves a share of
    the target from a label that is said alone evenly to all possible ones (Szegedy et al.,
    Rethinking the Inception Architecture, CVPR 2016).
    """
    mine = logits[what.rows].float()
    every = mine.masked_fill(~what.among, -torch.inf).logsumexp(dim=1)
    missed = every - mine.masked_fill(~what.said, -torch.inf).logsumexp(dim=1)
    possible = what.among.sum(dim=1)
    spread = every - mine.masked_fill(~what.among, 0).sum(dim=1) / possible
    share = torch.where(what.said.sum(dim=1) == 1, smoothing, 0.0)
    return ((1 - share) * missed + share * spread) * what.weights


def steps(lengths: Sequence[int], size: int, order: random.Random) -> list[list[int]]:
    """Every index once, `size` of like length a step, the steps in random order."""
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    found: list[list[int]] = []
    for start in range(0, len(rows), size * _BUCKET):
        bucket = sorted(rows[start : start + size * _BUCKET], key=lambda row: lengths[row])
        found += [bucket[at : at + size] for at in range(0, len(bucket), size)]
    order.shuffle(found)
    return found


def parts(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Indices in order, in parts that are padded to at most `tokens`, or one index alone."""
    part: list[int] = []
    longest = 0
    for index, length in enumerate(lengths):
        if part and max(longest, length) * (len(part) + 1) > tokens:
            yield part
            part, longest = [], 0
        part.append(index)
        longest = max(longest, length)
    if part:
        yield part
