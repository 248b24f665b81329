"""Articles put into stories in memory: copies by their words, rewritten ones by their vectors."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories import REACH, SAME_STORY, Signature, band_keys, similarity

Vector = NDArray[np.float32]

# A report in other words joins where the mean cosine of its story vector with those of the story's
# articles is so much, the least is not below the other, and they share a rare word: the same thing
# happens to many companies. Chosen on the labelled stories that the vector was learned from, and by
# what it makes of unrelated news.
SAME_EVENT: Final = 0.35
NOT_ELSE: Final = 0.2


@dataclass(frozen=True)
class Item:
    """What is known of one article."""

    lang: str
    at: datetime | None
    signature: Signature
    # None: only its words are compared.
    vector: Vector | None
    # Its rare words (pipeline.terms).
    rare: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Joined:
    """Where an article went, all articles by their number in the order they came."""

    # The first article of its story.
    story: int
    # The article of the story that it is nearest to, and how near (0 to 1): the share of words and
    # word pairs in common for a copy, else the cosine. None for the first one.
    nearest: int | None = None
    near: float = 0.0


@dataclass
class _Story:
    first: int
    last_at: datetime | None = None
    # Rare words of all its articles.
    rare: set[str] = field(default_factory=set)


class _Reports:
    """The vectors of one language's articles that a new one may join, beside one another."""

    def __init__(self) -> None:
        self._matrix: Vector = np.empty((0, 0), np.float32)
        self._numbers: list[int] = []
        self._stories: list[_Story] = []

    def add(self, number: int, story: _Story, vector: Vector) -> None:
        """Keep one article's vector."""
        count = len(self._numbers)
        if count == len(self._matrix):
            grown = np.empty((max(64, 2 * count), len(vector)), np.float32)
            if count:
                grown[:count] = self._matrix
            self._matrix = grown
        self._matrix[count] = vector
        self._numbers.append(number)
        self._stories.append(story)

    def forget(self, at: datetime | None) -> None:
        """Drop stories out of reach at a time, once they are most of what is kept."""
        kept = [i for i, story in enumerate(self._stories) if _within(story, at)]
        if 2 * len(kept) < len(self._numbers):
            self._matrix = self._matrix[kept]
            self._numbers = [self._numbers[i] for i in kept]
            self._stories = [self._stories[i] for i in kept]

    def nearest(self, vector: Vector, rare: frozenset[str], at: datetime | None) -> Joined | None:
        """The story that reports the same event, if there is one."""
        if not self._numbers:
            return None
        cosines = self._matrix[: len(self._numbers)] @ vector
        firsts, place = np.unique([story.first for story in self._stories], return_inverse=True)
        mean = np.bincount(place, cosines) / np.bincount(place)
        least = np.full(len(firsts), np.inf)
        np.minimum.at(least, place, cosines)
        within = np.zeros(len(firsts), dtype=bool)
        within[place] = [_within(story, at) for story in self._stories]
        fits = np.flatnonzero((mean >= SAME_EVENT) & (least >= NOT_ELSE) & within)
        for best in fits[np.argsort(-mean[fits], kind="stable")]:
            row = int(np.where(place == best, cosines, -np.inf).argmax())
            if not rare.isdisjoint(self._stories[row].rare):
                return Joined(int(firsts[best]), self._numbers[row], float(cosines[row]))
        return None


class Clusters:
    """Takes articles one by one, oldest first, and says of each which story it tells."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        # When the latest dated article came: an undated one came then.
        self._latest: datetime | None = None
        self._story_of: list[_Story] = []
        self._by_key: dict[tuple[str, int], list[int]] = {}
        self._reports: dict[str, _Reports] = {}

    def add(self, item: Item) -> Joined:
        """Put one article into the story it belongs to, or begin one with it."""
        number = len(self._items)
        self._latest = item.at or self._latest
        keys = [(item.lang, key) for key in band_keys(item.signature)]
        reports = self._reports.setdefault(item.lang, _Reports())
        reports.forget(self._latest)
        joined = self._copy(item, keys)
        if joined is None and item.vector is not None:
            joined = reports.nearest(item.vector, item.rare, self._latest)
        story = _Story(number) if joined is None else self._story_of[joined.story]
        story.last_at = self._latest
        story.rare |= item.rare
        self._items.append(item)
        self._story_of.append(story)
        for key in keys:
            self._by_key.setdefault(key, []).append(number)
        if item.vector is not None:
            reports.add(number, story, item.vector)
        return joined or Joined(number)

    def _copy(self, item: Item, keys: Iterable[tuple[str, int]]) -> Joined | None:
        candidates = {number for key in keys for number in self._by_key.get(key, ())}
        near = [
            (similarity(item.signature, self._items[number].signature), -number)
            for number in candidates
            if _within(self._story_of[number], self._latest)
        ]
        best, number = max(near, default=(0.0, 0))
        if best < SAME_STORY:
            return None
        return Joined(self._story_of[-number].first, -number, best)


def _within(story: _Story, at: datetime | None) -> bool:
    """Whether a time is soon enough behind the story's latest article; no time always is."""
    return at is None or story.last_at is None or at - story.last_at <= REACH
