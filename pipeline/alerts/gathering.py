"""What the windows of a subject are judged by, out of the store."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from pipeline.alerts.conditions import severe
from pipeline.alerts.coverage import Coverage, Source
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.usual import PER_HOUR
from pipeline.alerts.windows import Series, Span, Story, SubjectKind, bucket_of
from pipeline.store import alerts as store
from pipeline.store import conditions, watching
from pipeline.store.connection import Cursor


def coverage_of(cursor: Cursor, since: datetime, until: datetime) -> Coverage:
    """What was watched from `since` to `until`."""
    sources = [
        Source(row.source_id, row.stories, tuple(row.told), tuple(row.visits), row.first_visit)
        for row in watching.sources(cursor, since, until)
    ]
    first, last = (bucket_of(at) // PER_HOUR for at in (since, until))
    return Coverage.of(sources, first, last)


def owners_of(
    cursor: Cursor, rule: SurgeRule, series: Series, ends: Iterable[datetime]
) -> dict[UUID, frozenset[str]]:
    """Owners of the publishers of every story in a window that ends at one of `ends`."""
    return owners_between(cursor, series, [Span(end - rule.longest, end) for end in ends])


def owners_between(
    cursor: Cursor, series: Series, spans: Iterable[Span]
) -> dict[UUID, frozenset[str]]:
    """Owners of the publishers of every story in the spans."""
    within = {s.story_id for span in spans for s in series.between(span.start, span.end)}
    return store.owners(cursor, within) if within else {}


def reports_of(
    cursor: Cursor,
    rule: SurgeRule,
    series_id: int,
    series: Series,
    within: Sequence[Span],
    until: datetime,
) -> list[severe.Report]:
    """What was reported of severe events in these spans of an issuer's series before `until`.

    A topic has none: what befalls one company befalls nobody else in it.
    """
    if series.kind == "topic" or not (rule.severe.triggers and within):
        return []
    since, until = min(span.start for span in within), min(until, max(s.end for s in within))
    topics = {
        story.story_id: story.topic
        for story in series.between(since - 2 * severe.SAME_EVENT, until)
        if story.topic in rule.severe.topics
    }
    rows = conditions.headlines(cursor, series_id, topics.keys(), until)
    return severe.judge(
        (severe.Headline(topic=topics[row.story_id] or "", **vars(row)) for row in rows),
        rule.severe,
    )


def series_of(kind: SubjectKind, rows: Iterable[store.StoryRow]) -> Series:
    return Series.of(
        kind,
        (
            Story(row.story_id, row.occurred_at, row.weight, tuple(row.issuers), row.topic)
            for row in rows
        ),
    )
