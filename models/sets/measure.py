"""A model measured on rows of labelled sets, each set in the terms of its own answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.evaluate import Judged, figures
from models.figures import Figures
from models.labels import ENTITY, TOPICS
from models.runtime.protocol import Prediction, Runtime
from models.sets.material import places
from models.sets.row import Row, on_scale

# Texts scored between two reports of progress.
_CHUNK: Final = 512


@dataclass
class _Asked:
    """One head on one set, row by row."""

    labels: tuple[str, ...]
    probs: list[list[float]] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)

    def add(self, answer: Mapping[str, float], label: str, language: str) -> None:
        self.probs.append([answer[name] for name in self.labels])
        self.truth.append(self.labels.index(label))
        self.languages.append(language)

    def judged(self) -> Judged:
        return Judged(np.array(self.probs), np.array(self.truth), np.array(self.languages))


def measure_sets(
    runtime: Runtime, rows: Sequence[Row], report: Callable[[int], None] = lambda _: None
) -> list[Figures]:
    """Figures of every set that `rows` are of, by its name; what a row does not say is not asked.

    Heads are "topic", "sentiment", "entity" (an entity counts once), and where the model has the
    set's own head, the name of the set. Sentiments of a set that knows only two answers are judged
    between these. `report` is told how many rows are scored.
    """
    asked: dict[str, dict[str, _Asked]] = {}
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        said = runtime.score([row.text for row in chunk], [places(row) for row in chunk])
        for row, prediction in zip(chunk, said, strict=True):
            heads = asked.setdefault(row.set, {})
            for head, answer, label in _answers(row, prediction):
                heads.setdefault(head, _Asked(tuple(answer))).add(answer, label, row.lang)
        report(start + len(chunk))
    return [
        figures(
            name,
            {head: one.judged() for head, one in heads.items()},
            labels={head: one.labels for head, one in heads.items()},
        )
        for name, heads in sorted(asked.items())
    ]


def _answers(row: Row, said: Prediction) -> Iterator[tuple[str, Mapping[str, float], str]]:
    """Head, what it says, and the label of the row, for all that the row says."""
    if row.topic is not None:
        yield "topic", dict(zip(TOPICS, said.topic_probs, strict=True)), row.topic
    if row.sentiment is not None:
        yield "sentiment", on_scale(said.sentiment_probs, row.scale), row.sentiment
    for number, mention in enumerate(row.mentions):
        yield ENTITY, on_scale(said.entity_probs(number), row.scale), mention.sentiment
    if row.native is not None and row.set in said.auxiliary:
        yield row.set, said.auxiliary[row.set], row.native
