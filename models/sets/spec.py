"""What a public set says of itself, and the form its rows are read in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from models.sets.row import NOT_NEGATIVE, Scale

# Licences whose data may be redistributed, used commercially and trained on for shipped weights.
OPEN_LICENCES: Final = frozenset({"MIT", "ODC-BY"})


class Named(msgspec.Struct, frozen=True):
    """An entity that a record names; unknown fields are left unread."""

    text: str
    sentiment: str | None = None
    # Characters from the beginning of the record's text, where the set says so.
    start: int | None = None
    end: int | None = None


class Record(msgspec.Struct, frozen=True):
    """One line of a set as it is read, before its labels are ours; other fields are left unread."""

    id: str
    text: str
    lang: Literal["en", "zh"]
    sentiment: str | None = None
    topic: str | None = None
    entities: tuple[Named, ...] | None = None
    split: str | None = None


@dataclass(frozen=True)
class Labels:
    """What a record says, in our labels."""

    topic: str | None = None
    sentiment: str | None = None
    # Each with a sentiment.
    entities: tuple[Named, ...] = ()
    native: str | None = None


@dataclass(frozen=True)
class Hub:
    """Where a set lies on the Hugging Face hub, and how its files become records."""

    # "owner/name".
    repo: str
    # Branch or commit.
    revision: str
    # Paths in the repository -> the split their rows are of; None where the set has none.
    files: dict[str, str | None]
    # A downloaded file and its split -> its records.
    read: Callable[[Path, str | None], Iterable[Record]]


@dataclass(frozen=True)
class PublicSet:
    """A public labelled set: whose it is, how it is divided, and what its labels are in ours."""

    name: str
    # In a folder of JSON lines.
    file: str
    # As stated by whoever published it; "none stated" where nobody did.
    licence: str
    # What is known of its labels: who gave them, what they miss, how noisy they are.
    notes: str
    # A record -> its labels in ours.
    labels: Callable[[Record], Labels]
    # None where no copy on the hub is known.
    hub: Hub | None
    # Which of its parts is trained on, the others being held out; None where it has no parts and is
    # cut into five folds of near-duplicate groups.
    train_part: str | None
    scale: Scale = "three"
    # The set's own labels in the order of a head of their own; empty where it needs none.
    native: tuple[str, ...] = ()
    # What that head says. One that says the sentiment learns it instead of ours, because the set
    # means something else by it.
    native_says: Literal["topic", "sentiment"] = "topic"

    @property
    def open(self) -> bool:
        """Whether weights that learned from it may be shipped."""
        return self.licence in OPEN_LICENCES


def of_text(record: Record) -> Labels:
    """The labels of a set that has our sentiments, of texts and of entities where it names any."""
    named = tuple(entity for entity in record.entities or () if entity.sentiment)
    return Labels(sentiment=record.sentiment, entities=named)


def negative_or_not(sentiment: str | None) -> str:
    """The answer of a set that marks the negative and says nothing of the rest."""
    return "negative" if sentiment == "negative" else NOT_NEGATIVE
