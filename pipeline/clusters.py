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
# articles is so much, and the least is not below the other; chosen on the labelled stories that the
# vector was learned from, not on those it is measured on.
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
    lang: str
    members: list[int] = field(default_factory=list)
    last_at: datetime | None = None


class Clusters:
    """Takes articles one by one, oldest first, and says of each which story it tells."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._story_of: list[_Story] = []
        self._by_key: dict[tuple[str, int], list[int]] = {}
        # Stories whose latest article is not out of reach yet.
        self._open: list[_Story] = []

    def add(self, item: Item) -> Joined:
        """Put one article into the story it belongs to, or begin one with it."""
        number = len(self._items)
        keys = [(item.lang, key) for key in band_keys(item.signature)]
        self._open = [story for story in self._open if _within(story, item)]
        joined = self._copy(item, keys) or self._rewritten(item) or Joined(number)
        self._items.append(item)
        for key in keys:
            self._by_key.setdefault(key, []).append(number)
        story = self._story_of[joined.story] if joined.story != number else None
        if story is None:
            story = _Story(number, item.lang)
            self._open.append(story)
        story.members.append(number)
        story.last_at = item.at or story.last_at
        self._story_of.append(story)
        return joined

    def _copy(self, item: Item, keys: Iterable[tuple[str, int]]) -> Joined | None:
        candidates = {number for key in keys for number in self._by_key.get(key, ())}
        near = [
            (similarity(item.signature, self._items[number].signature), -number)
            for number in candidates
            if _within(self._story_of[number], item)
        ]
        best, number = max(near, default=(0.0, 0))
        if best < SAME_STORY:
            return None
        return Joined(self._story_of[-number].first, -number, best)

    def _rewritten(self, item: Item) -> Joined | None:
        if item.vector is None:
            return None
        best = None
        for story in self._open:
            told = [(n, self._items[n].vector) for n in story.members]
            known = [(n, vector) for n, vector in told if vector is not None]
            if story.lang != item.lang or not known:
                continue
            cosines = np.stack([vector for _, vector in known]) @ item.vector
            mean = float(cosines.mean())
            if cosines.min() >= NOT_ELSE and mean >= max(SAME_EVENT, best[0] if best else 0.0):
                nearest = int(cosines.argmax())
                best = mean, Joined(story.first, known[nearest][0], float(cosines[nearest]))
        return best[1] if best else None


def _within(story: _Story, item: Item) -> bool:
    """Whether the item comes soon enough behind the story's latest article; undated ones do."""
    return item.at is None or story.last_at is None or item.at - story.last_at <= REACH
