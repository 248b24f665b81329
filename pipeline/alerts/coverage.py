"""How much of the news was watched: a source that was down, came or went makes no quiet hours.

A visit brings what was published since the one before, so an hour that nobody visited is watched as
long as a later visit still reaches back to it. Before its first visit a source was watched as far
back as its first article lies. Sources that nobody visits (a replay, a backfill) are watched
throughout.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import Buckets

# How long after an article was published a visit still finds it.
_REACHES_BACK: Final = 24
# A source that was visited so long ago is taken to be visited soon.
_GRACE: Final = 1


@dataclass(frozen=True)
class Source:
    """What is known of one source; hours count since 1970, UTC."""

    source_id: str
    # Stories it was the first to tell, and the hour of its first article.
    stories: int
    first_article: int
    # Hours of its successful visits, in order, and that of its first one ever; None: none.
    visits: tuple[int, ...] = ()
    first_visit: int | None = None

    def watched(self, hours: Buckets) -> Numbers:
        """1 for an hour that was watched, else 0."""
        there = hours >= self.first_article
        if self.first_visit is None:
            return there.astype(np.float64)
        visits = np.array(self.visits, dtype=np.int64)
        after = np.searchsorted(visits, hours - _GRACE)
        padded = np.append(visits, np.iinfo(np.int64).max)
        reached = padded[after] < hours + _REACHES_BACK
        watched: Numbers = (there & (reached | (hours < self.first_visit))).astype(np.float64)
        return watched


@dataclass(frozen=True)
class Coverage:
    """All sources, each with what it tells in an hour that is watched."""

    weights: Mapping[Source, float]

    @classmethod
    def of(cls, sources: Iterable[Source], first: int, last: int) -> "Coverage":
        """By what `sources` told from the first hour to just before the last."""
        hours = np.arange(first, last)
        watched = {source: float(source.watched(hours).sum()) for source in sources}
        return cls({source: source.stories / n for source, n in watched.items() if n})

    def shares(self, hours: Buckets) -> Numbers:
        """The share of all news that was watched in each hour, 0 to 1.

        Of the time before the first article of all nothing is known: it counts as watched.
        """
        total = sum(self.weights.values())
        if not total:
            return np.ones(len(hours))
        watched = np.zeros(len(hours))
        for source, weight in self.weights.items():
            watched += weight * source.watched(hours)
        begin = min(source.first_article for source in self.weights)
        return np.where(hours < begin, 1.0, watched / total)
