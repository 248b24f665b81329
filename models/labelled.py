"""Labelled sets to measure on: they come in many shapes, and are never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from models.errors import ModelError
from models.evaluate import Judged, figures
from models.figures import Figures
from models.labels import ENTITY, HEADS, LABELS
from models.mentions import Spans, find
from models.runtime.protocol import Runtime
from models.text import script


class NamedEntity(msgspec.Struct, frozen=True):
    """An entity of a line, found by its name."""

    name: str
    sentiment: str


class Row(msgspec.Struct, frozen=True):
    """One line of a set: a text, or an article's title and body; every label may be absent."""

    text: str = ""
    title: str = ""
    body: str | list[str] = ""
    lang: str = ""
    topic: str | None = None
    sentiment: str | None = None
    entities: tuple[NamedEntity, ...] = ()


@dataclass(frozen=True)
class Labelled:
    """One text with the labels it has."""

    text: str
    # "en" or "zh".
    lang: str
    # Head of the text -> label.
    labels: dict[str, str]
    # Where each labelled entity is named, and its sentiment.
    entities: tuple[tuple[Spans, str], ...] = ()


def read_labelled(path: Path) -> list[Labelled]:
    """The rows of a JSON-lines file that have a text and a label.

    Raises ModelError with the line's number where one is not JSON or a label is unknown.
    """
    found = []
    decoder = msgspec.json.Decoder(Row)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise ModelError(f"{path}:{number}: {error}") from error
            labels = {"topic": row.topic, "sentiment": row.sentiment}
            known = {head: label for head, label in labels.items() if label}
            named = [(ENTITY, entity.sentiment) for entity in row.entities]
            for head, label in (*known.items(), *named):
                if label not in LABELS[head]:
                    raise ModelError(f"{path}:{number}: unknown {head} {label!r}")
            body = row.body if isinstance(row.body, str) else "\n".join(row.body)
            text = row.text or f"{row.title}\n{body}".strip()
            if text and (known or named):
                entities = _entities(row, text)
                found.append(Labelled(text, row.lang[:2] or script(text), known, entities))
    return found


def measure(runtime: Runtime, rows: Sequence[Labelled], name: str) -> Figures:
    """Figures of a runtime on rows, a head over the rows that label it."""
    asked = [[spans for spans, _ in row.entities] for row in rows]
    said = list(zip(rows, runtime.score([row.text for row in rows], asked), strict=True))
    judged = {}
    for head in HEADS:
        pairs = [
            (getattr(one, f"{head}_probs"), row.labels[head], row.lang)
            for row, one in said
            if head in row.labels
        ]
        if pairs:
            judged[head] = _judged(pairs, LABELS[head])
    entities = [
        (entity.sentiment_probs, label, row.lang)
        for row, one in said
        for entity, (_, label) in zip(one.entities or (), row.entities, strict=False)
    ]
    if entities:
        judged[ENTITY] = _judged(entities, LABELS[ENTITY])
    return figures(name, judged)


def _entities(row: Row, text: str) -> tuple[tuple[Spans, str], ...]:
    places = find([entity.name for entity in row.entities], text)
    return tuple(
        (spans, entity.sentiment) for spans, entity in zip(places, row.entities, strict=True)
    )


def _judged(said: Sequence[tuple[tuple[float, ...], str, str]], labels: Sequence[str]) -> Judged:
    """Probabilities, true label and language of each row."""
    return Judged(
        probs=np.array([probs for probs, _, _ in said]),
        truth=np.array([labels.index(label) for _, label, _ in said]),
        languages=np.array([language for _, _, language in said]),
    )
