"""The news of a stretch of time as it is stored now, read once for a rule."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pipeline.alerts.backtest.watching import Watch
from pipeline.alerts.record import Subject
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.run import series_of
from pipeline.alerts.windows import DAY, Series, Span, SubjectKind
from pipeline.store import alerts, past
from pipeline.store.connection import Cursor

# An alert may be open at the beginning: what led to it is judged too, so far back.
WARM_UP: Final = 2 * DAY


@dataclass(frozen=True)
class Case:
    """One subject and its negative stories, in order of time."""

    subject: Subject
    series: Series


@dataclass(frozen=True)
class Past:
    """What a backtest needs of the database; after it, nothing is asked any more."""

    # Judged from here on, WARM_UP before what is asked for.
    begin: datetime
    until: datetime
    cases: Mapping[SubjectKind, Sequence[Case]]
    # Owners of the publishers of every story that can count.
    owners: Mapping[UUID, frozenset[str]]
    # Surges before `begin`, which no baseline may hold.
    surges: Mapping[tuple[SubjectKind, str], Sequence[Span]]
    watch: Watch

    @classmethod
    def load(cls, cursor: Cursor, rule: SurgeRule, since: datetime, until: datetime) -> "Past":
        """Raises StoreUnavailable."""
        begin = since - WARM_UP
        reach = rule.reach + DAY
        kinds: tuple[SubjectKind, ...] = ("issuer", "topic")
        cases = {kind: _cases(cursor, rule, kind, begin - reach, until) for kind in kinds}
        counted = {
            story.story_id
            for found in cases.values()
            for case in found
            for story in case.series.between(begin - rule.longest, until)
        }
        surges: dict[tuple[SubjectKind, str], list[Span]] = defaultdict(list)
        for row in past.surges(cursor, begin - reach, begin):
            surges[row.subject_kind, row.subject].append(Span(row.onset, row.end))
        watch = Watch.load(cursor, begin - reach, until, reach)
        return cls(begin, until, cases, alerts.owners(cursor, counted), surges, watch)


def _cases(
    cursor: Cursor, rule: SurgeRule, kind: SubjectKind, since: datetime, until: datetime
) -> list[Case]:
    watched = past.watched(cursor, kind, rule.unwatched_topics)
    negative = alerts.Negative(rule.p_negative, rule.relevance)
    wanted = {one.series_id: since for one in watched}
    found: dict[int, list[alerts.StoryRow]] = defaultdict(list)
    for row in alerts.stories(cursor, wanted, until, negative):
        found[row.series_id].append(row)
    return [
        Case(
            Subject(kind, one.subject, one.series_id, one.market),
            series_of(kind, found[one.series_id]),
        )
        for one in watched
        if one.series_id in found
    ]
