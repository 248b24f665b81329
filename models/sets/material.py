"""A mixture of public sets and our own lines as the trainer takes it."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from models.errors import ModelError
from models.labels import SENTIMENTS
from models.mentions import Spans, find
from models.rows import Entity, Label, Material
from models.rows import Row as Taught
from models.sets.assemble import Assembled
from models.sets.finding import public_set
from models.sets.row import OWN, Row, masks

if TYPE_CHECKING:
    from models.artefact import Manifest

# Scales on which no answer tells all three sentiments apart.
_EVERY: Final = (True, True, True)


def of_assembled(name: str, found: Assembled) -> Material:
    """The mixture `name`: measured on the held-out rows of the sets that it learns from.

    The model is the one that is measured; held-out rows are never learned from.
    """
    learned = {row.set for row in found.train}
    parts = [found.train, found.dev, [row for row in found.test if row.set in learned]]
    fit, dev, held_out = (
        [of_row(row, found.weights.get(row.set, 1.0)) for row in rows] for rows in parts
    )
    known = {row.set for row in found.train if row.native is not None}
    return Material(
        name=name,
        fit=fit,
        dev=dev,
        held_out=held_out,
        digest=_digest(parts),
        refit=False,
        auxiliary={member: public_set(member).native for member in sorted(known - {OWN})},
    )


def unseen(manifest: "Manifest", name: str, found: Assembled) -> Material:
    """The mixture `name`, whose held-out rows a model is known not to have learned from.

    Raises ModelError where the model was trained on another mixture, or one divided otherwise.
    """
    material = of_assembled(name, found)
    if material.digest != manifest.training.data_digest:
        raise ModelError(
            f"{manifest.model_id} was trained on {manifest.training.data}, divided otherwise than "
            f"{name} here: it may have seen the rows to measure on. Choose the mixture, corpus "
            "and fold it was trained with."
        )
    return material


def of_row(row: Row, weight: float) -> Taught:
    """One row, with what its set says and no more."""
    labels = {}
    if row.topic is not None:
        labels["topic"] = Label((row.topic,))
    if row.native is not None:
        labels[row.set] = Label((row.native,))
    if row.sentiment is not None and not _means_its_own(row):
        labels["sentiment"] = _sentiment(row.sentiment, row)
    entities = tuple(
        Entity(spans, _sentiment(mention.sentiment, row))
        for spans, mention in zip(places(row), row.mentions, strict=True)
    )
    return Taught(row.text, row.lang, labels, entities, weight)


def _means_its_own(row: Row) -> bool:
    return row.native is not None and public_set(row.set).native_says == "sentiment"


def places(row: Row) -> list[Spans]:
    """Where each mention is asked about: at all places of its name, as outside of the sets.

    A name that is judged twice keeps its places apart.
    """
    names = [mention.name for mention in row.mentions]
    often = Counter(names)
    found = []
    for mention, everywhere in zip(row.mentions, find(names, row.text), strict=True):
        own = (mention.start, mention.end)
        spans = {own} if often[mention.name] > 1 else {own, *everywhere}
        found.append(tuple(sorted(spans)))
    return found


def _sentiment(sentiment: str, row: Row) -> Label:
    right, choices = masks(sentiment, row.scale)
    said = tuple(name for name, is_so in zip(SENTIMENTS, right, strict=True) if is_so)
    among = tuple(name for name, is_so in zip(SENTIMENTS, choices, strict=True) if is_so)
    return Label(said, () if choices == _EVERY else among)


def _digest(parts: Sequence[Sequence[Row]]) -> str:
    """sha256 (hex) of the rows of each part, whatever their order and group numbers."""
    digest = hashlib.sha256()
    for rows in parts:
        lines = (msgspec.json.encode(msgspec.structs.replace(row, group=-1)) for row in rows)
        digest.update(b"\n".join(sorted(lines)) + b"\n\n")
    return digest.hexdigest()
