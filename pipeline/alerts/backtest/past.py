"""The news of a stretch of time as it is stored now, read once for a rule."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from pipeline.alerts.backtest.watching import Watch
from pipeline.alerts.conditions.severe import Report
from pipeline.alerts.gathering import reports_of, series_of
from pipeline.alerts.record import Subject
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.windows import DAY, Series, Span, SubjectKind, bucket_end
from pipeline.store import alerts, conditions, past
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Condition

# An alert may be open at the beginning: what led to it is judged too, so far back.
WARM_UP: Final = 2 * DAY


@dataclass(frozen=True)
class Case:
    """One subject and its negative stories, in order of time."""

    subject: Subject
    series: Series
    # Headlines that name a severe event.
    reports: Sequence[Report] = ()
    # Negative and positive stories of each day since 1970, in UTC.
    net: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    # Ends of the buckets that hold the first news of a day, of any sentiment.
    begun: Sequence[datetime] = ()


@dataclass(frozen=True)
class Earlier:
    """An alert from before; a baseline leaves it out where it was of a surge."""

    span: Span
    condition: Condition


@dataclass(frozen=True)
class Past:
    """What a backtest needs of the database; after it, nothing is asked any more."""

    # Judged from here on, WARM_UP before what is asked for.
    begin: datetime
    until: datetime
    cases: Mapping[SubjectKind, Sequence[Case]]
    # Owners of the publishers of every story that can count.
    owners: Mapping[UUID, frozenset[str]]
    # What was alerted of before `begin`.
    surges: Mapping[tuple[SubjectKind, str], Sequence[Earlier]]
    watch: Watch

    @classmethod
    def load(cls, cursor: Cursor, rule: SurgeRule, since: datetime, until: datetime) -> "Past":
        """Raises StoreUnavailable."""
        begin = since - WARM_UP
        reach = rule.reach + DAY
        kinds: tuple[SubjectKind, ...] = ("issuer", "topic")
        cases = {kind: _cases(cursor, rule, kind, begin, until) for kind in kinds}
        # A slow burn counts publishers from its first day on.
        first = begin - max(rule.longest, rule.slow_burn.days * DAY)
        counted = {
            story.story_id
            for found in cases.values()
            for case in found
            for story in case.series.between(first, until)
        }
        surges: dict[tuple[SubjectKind, str], list[Earlier]] = defaultdict(list)
        for row in past.surges(cursor, begin - reach, begin):
            earlier = Earlier(Span(row.onset, row.end), row.condition)
            surges[row.subject_kind, row.subject].append(earlier)
        watch = Watch.load(cursor, begin - reach, until, reach)
        return cls(begin, until, cases, alerts.owners(cursor, counted), surges, watch)


def _cases(
    cursor: Cursor, rule: SurgeRule, kind: SubjectKind, begin: datetime, until: datetime
) -> list[Case]:
    since = begin - rule.reach - DAY
    watched = past.watched(cursor, kind, rule.unwatched_topics)
    negative = alerts.Negative(rule.p_negative, rule.relevance)
    wanted = {one.series_id: since for one in watched}
    found: dict[int, list[alerts.StoryRow]] = defaultdict(list)
    for row in alerts.stories(cursor, wanted, until, negative):
        found[row.series_id].append(row)
    net = conditions.net(cursor, kind, wanted.keys(), since, until, negative)
    begun = past.days_begun(cursor, wanted.keys(), begin, until)
    cases = []
    for one in watched:
        if one.series_id not in found:
            continue
        series = series_of(kind, found[one.series_id])
        cases.append(
            Case(
                Subject(kind, one.subject, one.series_id, one.market),
                series,
                reports_of(cursor, rule, one.series_id, series, [Span(begin, until)], until),
                net.get(one.series_id, {}),
                [bucket_end(start) for start in begun.get(one.series_id, ())],
            )
        )
    return cases
