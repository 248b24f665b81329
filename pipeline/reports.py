"""Which reports tell one event in other words: the rule, and what stands to be compared with."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.stories import REACH

Vector = NDArray[np.float32] | NDArray[np.float16]
# How the caller names stories and reports.
Name = TypeVar("Name")

# A report joins a story where the mean cosine of its story vector with those of the story's
# reports is so much, the least is not below the other, and they share a rare word: the same thing
# happens to many companies. Chosen on the labelled stories that the vector was learned from, and by
# what it makes of unrelated news.
SAME_EVENT: Final = 0.35
NOT_ELSE: Final = 0.2


@dataclass(eq=False)
class Story(Generic[Name]):
    """Reports of one event, each in words of its own, and their copies."""

    name: Name
    # When the first and the last of its articles came; None: undated, which is near everything.
    first_at: datetime | None
    last_at: datetime | None
    # Rare words of its reports, or what stands for them.
    rare: set[Hashable] = field(default_factory=set)
    # The issuers it is known to be about.
    issuers: set[Hashable] = field(default_factory=set)

    def within_reach(self, first_at: datetime | None, last_at: datetime | None) -> bool:
        """Whether what came from the one time to the other is soon enough before or behind it."""
        late = first_at and self.last_at and first_at - self.last_at > REACH
        early = last_at and self.first_at and self.first_at - last_at > REACH
        return not late and not early

    def may_be(self, other: "Story[Name]") -> bool:
        """Whether nothing but the vectors must tell if both report one event."""
        elsewhere = self.issuers and other.issuers and self.issuers.isdisjoint(other.issuers)
        return (
            not elsewhere
            and not self.rare.isdisjoint(other.rare)
            and self.within_reach(other.first_at, other.last_at)
        )

    def take(self, other: "Story[Name]") -> None:
        """What the other one tells this one tells too."""
        self.first_at = self.first_at and other.first_at and min(self.first_at, other.first_at)
        self.last_at = self.last_at and other.last_at and max(self.last_at, other.last_at)
        self.rare |= other.rare
        self.issuers |= other.issuers


@dataclass(frozen=True)
class Match(Generic[Name]):
    """The story that a report belongs to, and the report in it that is nearest."""

    story: Story[Name]
    nearest: Name
    cosine: float


class Reports(Generic[Name]):
    """The story vectors of reports in one language, beside one another."""

    def __init__(self) -> None:
        self._matrix: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self._names: list[Name] = []
        # Of each report: its story's place among the stories.
        self._places = np.empty(0, np.intp)
        self._stories: dict[Story[Name], int] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: Name, story: Story[Name], vector: Vector) -> None:
        """Keep one report of a story; its vector is of unit length."""
        count = len(self._names)
        if count == len(self._matrix):
            room = max(64, 2 * count)
            matrix, places = np.empty((room, len(vector)), np.float32), np.empty(room, np.intp)
            if count:
                matrix[:count], places[:count] = self._matrix, self._places
            self._matrix, self._places = matrix, places
        self._matrix[count] = vector
        self._places[count] = self._stories.setdefault(story, len(self._stories))
        self._names.append(name)

    def forget(self, at: datetime | None) -> None:
        """Drop stories out of reach at a time, once they are most of what is kept."""
        stories = list(self._stories)
        places = self._places[: len(self)].tolist()
        kept = [row for row, place in enumerate(places) if stories[place].within_reach(at, at)]
        if 2 * len(kept) < len(self):
            self._matrix = self._matrix[kept]
            self._names = [self._names[row] for row in kept]
            standing = dict.fromkeys(stories[places[row]] for row in kept)
            self._stories = {story: number for number, story in enumerate(standing)}
            self._places = np.array([self._stories[stories[places[row]]] for row in kept], np.intp)

    def nearest(self, vector: Vector, told: Story[Name]) -> Match[Name] | None:
        """The story that reports the same event as one that begins with this vector."""
        count, size = len(self._names), len(self._stories)
        if not count:
            return None
        places = self._places[:count]
        # Not as a matrix product: its threads stay awake behind it and slow the encoder's.
        cosines = np.einsum("ij,j->i", self._matrix[:count], vector)
        mean = np.bincount(places, cosines, size) / np.maximum(np.bincount(places, None, size), 1)
        least = np.full(size, np.inf)
        np.minimum.at(least, places, cosines)
        fits = np.flatnonzero((mean >= SAME_EVENT) & (least >= NOT_ELSE))
        if not len(fits):
            return None
        stories = list(self._stories)
        for place in fits[np.argsort(-mean[fits], kind="stable")]:
            story = stories[place]
            if story.may_be(told):
                row = int(np.where(places == place, cosines, -np.inf).argmax())
                return Match(story, self._names[row], float(cosines[row]))
        return None
