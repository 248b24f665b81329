"""What the trainer takes: texts of which some labels are known, wholly or in part."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from models.config import Recipe
from models.data import Example, digest, split
from models.errors import ModelError
from models.labels import ENTITY, HEADS, LABELS
from models.mentions import Spans, find


@dataclass(frozen=True)
class Label:
    """What is known of one label: it is one of `said`, and no other than `among` was possible.

    Label(("positive",)) is plainly positive. Label(("positive",), ("negative", "positive")) comes
    from a set whose annotators could not say neutral. Label(("neutral", "positive")) is all that
    "not negative" tells.
    """

    said: tuple[str, ...]
    # Empty: every label of the head.
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.said or (self.among and not set(self.said) <= set(self.among)):
            raise ValueError(f"{self.said} is not among {self.among or 'the labels of its head'}")


@dataclass(frozen=True)
class Entity:
    """An entity a text names, and how it fares. Spans count characters of the raw text."""

    spans: Spans
    sentiment: Label


@dataclass(frozen=True)
class Row:
    """One text with what is known of it."""

    text: str
    lang: Literal["en", "zh"]
    # By head: "topic", "sentiment", or an auxiliary one. What is not there is not known.
    labels: Mapping[str, Label] = field(default_factory=dict)
    entities: tuple[Entity, ...] = ()
    # What an error on this row counts, beside 1 for a row that is trusted.
    weight: float = 1.0


@dataclass(frozen=True)
class Material:
    """Everything one training learns from and is measured on."""

    # What it is called in the manifest: "corpus", or the name of a mixture.
    name: str
    fit: Sequence[Row]
    # For early stopping and temperatures.
    dev: Sequence[Row]
    # For the figures of the manifest; no near-duplicate of a row that is trained on.
    held_out: Sequence[Row]
    # sha256 of what the rows were made from.
    digest: str
    # Whether the model that is written learns from all three parts, as many passes as were enough
    # without the held-out ones. False: it is the one that was measured.
    refit: bool
    # Heads beside those of models.labels.LABELS, with their labels: of one public set each.
    auxiliary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = {**LABELS, **self.auxiliary}
        for row in (*self.fit, *self.dev, *self.held_out):
            said = [*row.labels.items(), *((ENTITY, entity.sentiment) for entity in row.entities)]
            for head, label in said:
                known = set(labels.get(head, ()))
                if not {*label.said, *label.among} <= known:
                    raise ModelError(f"{label} is no label of the head {head}: {row.text[:60]!r}")
            if row.weight <= 0:
                raise ModelError(f"A row's weight must be above 0: {row.text[:60]!r}")

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The heads of the model: those every one has, and the others that some row labels."""
        wanted = dict(HEADS)
        if any(row.entities for row in self.fit):
            wanted[ENTITY] = LABELS[ENTITY]
        return wanted | dict(self.auxiliary)


def of_corpus(examples: Sequence[Example], recipe: Recipe) -> Material:
    """The lines of our own corpus: split by the recipe, and all of them learned in the end."""
    parts = split(examples, recipe.held_out_share, recipe.dev_share, recipe.split_seed)
    return Material(
        name="corpus",
        fit=[of_example(line) for line in parts.fit],
        dev=[of_example(line) for line in parts.dev],
        held_out=[of_example(line) for line in parts.held_out],
        digest=digest(examples),
        refit=True,
    )


def of_example(line: Example) -> Row:
    """A line of our own corpus, all of whose labels are known."""
    places = find([entity.name for entity in line.entities], line.text)
    return Row(
        text=line.text,
        lang=line.lang,
        labels={"topic": Label((line.topic,)), "sentiment": Label((line.sentiment,))},
        entities=tuple(
            Entity(spans, Label((entity.sentiment,)))
            for spans, entity in zip(places, line.entities, strict=True)
        ),
    )


def digest_of(rows: Sequence[Row]) -> str:
    """sha256 (hex) of rows and their order."""
    return hashlib.sha256(msgspec.json.encode(list(rows))).hexdigest()
