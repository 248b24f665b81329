"""Articles put into stories in memory: copies by their words, rewritten ones by their vectors."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.reports import Reports, Story, Vector
from pipeline.stories import SAME_STORY, Signature, band_keys, similarity


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


class Clusters:
    """Takes articles one by one, oldest first, and says of each which story it tells."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        # When the latest dated article came: an undated one came then.
        self._latest: datetime | None = None
        self._story_of: list[Story[int]] = []
        self._by_key: dict[tuple[str, int], list[int]] = {}
        self._reports: dict[str, Reports[int]] = {}

    def add(self, item: Item) -> Joined:
        """Put one article into the story it belongs to, or begin one with it."""
        number = len(self._items)
        self._latest = item.at or self._latest
        keys = [(item.lang, key) for key in band_keys(item.signature)]
        reports = self._reports.setdefault(item.lang, Reports())
        reports.forget(self._latest)
        story = Story(number, self._latest, self._latest, set(item.rare))
        joined = self._copy(item, keys)
        # A copy tells nothing in words of its own.
        if joined is None and item.vector is not None:
            match = reports.nearest(item.vector, story)
            if match:
                joined = Joined(match.story.name, match.nearest, match.cosine)
                match.story.take(story)
            reports.add(number, match.story if match else story, item.vector)
        if joined:
            story = self._story_of[joined.story]
            story.last_at = self._latest
        self._items.append(item)
        self._story_of.append(story)
        for key in keys:
            self._by_key.setdefault(key, []).append(number)
        return joined or Joined(number)

    def _copy(self, item: Item, keys: Iterable[tuple[str, int]]) -> Joined | None:
        candidates = {number for key in keys for number in self._by_key.get(key, ())}
        near = [
            (similarity(item.signature, self._items[number].signature), -number)
            for number in candidates
            if self._story_of[number].within_reach(self._latest, self._latest)
        ]
        best, number = max(near, default=(0.0, 0))
        if best < SAME_STORY:
            return None
        return Joined(self._story_of[-number].name, -number, best)
