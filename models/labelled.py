"""Labelled sets to measure on: they come in many shapes, and are never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from models.errors import ModelError
from models.evaluate import Judged, figures
from models.figures import Figures
from models.labels import HEADS
from models.runtime.protocol import Runtime
from models.text import script


class Row(msgspec.Struct, frozen=True):
    """One line of a set: a text, or an article's title and body; either label may be absent."""

    text: str = ""
    title: str = ""
    body: str | list[str] = ""
    lang: str = ""
    topic: str | None = None
    sentiment: str | None = None


@dataclass(frozen=True)
class Labelled:
    """One text with the labels it has."""

    text: str
    # "en" or "zh".
    lang: str
    # Head -> label.
    labels: dict[str, str]


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
            for head, label in known.items():
                if label not in HEADS[head]:
                    raise ModelError(f"{path}:{number}: unknown {head} {label!r}")
            body = row.body if isinstance(row.body, str) else "\n".join(row.body)
            text = row.text or f"{row.title}\n{body}".strip()
            if text and known:
                found.append(Labelled(text, row.lang[:2] or script(text), known))
    return found


def measure(runtime: Runtime, rows: Sequence[Labelled], name: str) -> Figures:
    """Figures of a runtime on rows, a head over the rows that label it."""
    said = runtime.score([row.text for row in rows])
    judged = {}
    for head, labels in HEADS.items():
        pairs = [(row, one) for row, one in zip(rows, said, strict=True) if head in row.labels]
        if pairs:
            judged[head] = Judged(
                probs=np.array([getattr(one, f"{head}_probs") for _, one in pairs]),
                truth=np.array([labels.index(row.labels[head]) for row, _ in pairs]),
                languages=np.array([row.lang for row, _ in pairs]),
            )
    return figures(name, judged)
