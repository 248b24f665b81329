"""How much of the news was watched: a source that was down, came or went makes no quiet hours.

A visit brings what was published since the one before: it reaches back for a day, and as far as the
oldest article it brought. Before its first visit a source was watched as far back as its first
article lies. Sources that nobody visits (a replay, a backfill) are watched throughout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import Buckets

# How long after an article was published a visit still finds it.
_REACHES_BACK: Final = 24
# A source that was visited so long ago is taken to be visited soon.
_GRACE: Final = 1
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Source:
    """What is known of one source; hours count since 1970, UTC."""

    source_id: str
    # Stories it was the first to tell, and the hours it has articles in, in order.
    stories: int
    told: tuple[int, ...]
    # Hours of its successful visits, in order, and that of its first one ever; None: none.
    visits: tuple[int, ...] = ()
    first_visit: int | None = None

    def watched(self, hours: Buckets) -> Numbers:
        """1 for an hour that was watched, else 0."""
        there = hours >= self.told[0]
        if self.first_visit is None:
            return there.astype(np.float64)
        visits, told = (np.array([*some, _NEVER]) for some in (self.visits, self.told))
        after = np.searchsorted(visits, hours - _GRACE)
        reached = visits[after] < hours + _REACHES_BACK
        # The oldest article since the visit before, if a later visit can have brought it.
        before = np.where(after > 0, visits[after - 1], -1)
        oldest = told[np.searchsorted(told, before, side="right")]
        brought = (oldest <= hours) & (visits[after] < _NEVER)
        early = hours < self.first_visit
        return (there & (reached | brought | early)).astype(np.float64)


@dataclass(frozen=True)
class Coverage:
    """All sources, each with what it tells in an hour that is watched."""

    weighed: Sequence[tuple[Source, float]] = ()

    @classmethod
    def of(cls, sources: Iterable[Source], first: int, last: int) -> "Coverage":
        """By what `sources` told from the first hour to just before the last."""
        hours = np.arange(first, last)
        watched = [(source, float(source.watched(hours).sum())) for source in sources]
        return cls([(source, source.stories / n) for source, n in watched if n])

    def shares(self, hours: Buckets) -> Numbers:
        """The share of all news that was watched in each hour, 0 to 1.

        Of the time before the first article of all nothing is known: it counts as watched.
        """
        total = sum(weight for _, weight in self.weighed)
        if not total:
            return np.ones(len(hours))
        watched = np.zeros(len(hours))
        for source, weight in self.weighed:
            watched += weight * source.watched(hours)
        begin = min(source.told[0] for source, _ in self.weighed)
        return np.where(hours < begin, 1.0, watched / total)
