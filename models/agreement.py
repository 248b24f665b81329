"""How far two annotators of our own lines agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from models.data import SECOND_LABELS, read_corpus
from models.errors import ModelError


@dataclass(frozen=True)
class Agreement:
    """Two annotators on the same things."""

    # How many things both labelled.
    rows: int
    # Cohen's kappa (Educational and Psychological Measurement 20, 1960): 1 is agreement
    # throughout, 0 as much as chance gives.
    kappa: float


def agreement(corpus: Path) -> dict[str, Agreement]:
    """Of "topic" and "sentiment" on every line, of "entity" on those that both judged.

    Raises ModelError where a line was labelled once.
    """
    lines = read_corpus(corpus)
    second = _second(corpus)
    if missing := {line.id for line in lines} ^ second.keys():
        raise ModelError(f"Labelled by one annotator alone: {', '.join(sorted(missing)[:5])}.")
    pairs = {
        field: [(getattr(line, field), second[line.id][field]) for line in lines]
        for field in ("topic", "sentiment")
    }
    pairs["entity"] = [
        (entity.sentiment, other)
        for line in lines
        if "entities" in second[line.id]
        for entity, other in zip(line.entities, second[line.id]["entities"], strict=True)
    ]
    return {field: Agreement(len(both), kappa(both)) for field, both in pairs.items()}


def kappa(pairs: Sequence[tuple[str, str]]) -> float:
    """Cohen's kappa of two annotators' labels of the same things, side by side."""
    agreed = sum(one == two for one, two in pairs) / len(pairs)
    first, second = (Counter(side) for side in zip(*pairs, strict=True))
    chance = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return (agreed - chance) / (1 - chance)


def _second(corpus: Path) -> dict[str, dict[str, Any]]:
    """What the second annotator said, by line; of subjects only where these were asked for."""
    lines = (corpus / SECOND_LABELS).read_bytes().splitlines()
    return {row["id"]: row for row in map(msgspec.json.decode, lines)}
