"""What an alerts run of some past hour knew of the news as a whole: how much of it was watched."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from pipeline.alerts.coverage import Coverage, Source
from pipeline.alerts.profile import HOURS
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.usual import PER_HOUR
from pipeline.alerts.windows import bucket_of
from pipeline.store import past as store
from pipeline.store import watching
from pipeline.store.connection import Cursor

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Told:
    """One source; hours count since 1970, UTC."""

    source_id: str
    hours: Sequence[int]
    # Stories it was the first to tell, of each hour.
    stories: Sequence[int]
    visits: Sequence[int]
    first_visit: int | None

    def between(self, first: int, last: int) -> Source | None:
        """As it was known at the end of the hour before `last`; None: it had told nothing."""
        begin, end = (bisect_left(self.hours, hour) for hour in (first, last))
        if begin == end:
            return None
        known = self.first_visit is not None and self.first_visit < last
        start, stop = (bisect_left(self.visits, hour) for hour in (first, last))
        return Source(
            self.source_id,
            sum(self.stories[begin:end]),
            tuple(self.hours[begin:end]),
            tuple(self.visits[start:stop]),
            self.first_visit if known else None,
        )


@dataclass(frozen=True)
class View:
    """What is known at one hour besides the stories of a subject."""

    covered: AbstractSet[date]
    rhythm: Rhythm
    coverage: Coverage


@dataclass(frozen=True)
class Watch:
    """All sources and all news of a stretch of time, of which each hour knows what lies before."""

    sources: Sequence[Told]
    # Stories of each hour that has any.
    hours: Mapping[int, int]
    covered: frozenset[date]
    # How far back a run looks.
    reach: timedelta
    _views: dict[int, View] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, cursor: Cursor, since: datetime, until: datetime, reach: timedelta) -> "Watch":
        """Raises StoreUnavailable."""
        visits = {row.source_id: row for row in store.visits(cursor, since, until)}
        found = store.told(cursor, since, until)
        return cls(
            sources=[
                _told(source_id, rows, visits.get(source_id))
                for source_id, rows in groupby(found, attrgetter("source_id"))
            ],
            hours=watching.hours(cursor, since, until),
            covered=watching.covered(cursor, since, until),
            reach=reach,
        )

    def at(self, end: datetime) -> View:
        """What is known in the hour of the bucket that ends then, nothing of that hour itself."""
        hour = (bucket_of(end) - 1) // PER_HOUR
        if hour not in self._views:
            self._views[hour] = self._view(hour)
        return self._views[hour]

    def _view(self, hour: int) -> View:
        first = hour - self.reach // timedelta(hours=1)
        days = {_EPOCH + timedelta(days=at // HOURS) for at in (first, hour)}
        covered = {day for day in self.covered if min(days) <= day <= max(days)}
        told = {at: n for at, n in self.hours.items() if first <= at < hour}
        known = (source.between(first, hour) for source in self.sources)
        coverage = Coverage.of((source for source in known if source), first, hour)
        return View(covered, Rhythm.of(told, covered), coverage)


def _told(source_id: str, rows: Iterable[store.ToldRow], visits: store.VisitsRow | None) -> Told:
    told = list(rows)
    return Told(
        source_id,
        [row.hour for row in told],
        [row.stories for row in told],
        visits.hours if visits else (),
        visits.first_visit if visits else None,
    )
