"""What the console reads of trends. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pipeline.store.connection import Cursor
from pipeline.store.reading import read
from pipeline.store.shapes import StoryKind, SubjectKind
from sql import queries

_SQL: Final = queries("trends")


@dataclass(frozen=True)
class Slot:
    """Stories of one subject within one slot of a trend."""

    subject: str
    name_en: str
    name_zh: str
    code: str | None
    # Lies between bounds slot - 1 and slot.
    slot: int
    n: int
    negative: int
    positive: int


@dataclass(frozen=True)
class SeriesName:
    """What a watched series is called."""

    subject: str
    name_en: str
    name_zh: str
    code: str | None


@dataclass(frozen=True)
class Story:
    """One story of a series, through the article that speaks for it."""

    story_id: UUID
    title: str
    lang: str
    kind: StoryKind
    url: str
    publisher_name: str
    occurred_at: datetime
    p_negative: float
    p_positive: float
    copies: int
    publishers: int


def busiest(
    cursor: Cursor, kind: SubjectKind, bounds: Sequence[datetime], limit: int
) -> list[Slot]:
    """Counts by slot of the `limit` series with most stories, the busiest first.

    Slot i lies between bounds[i - 1] and bounds[i]; empty slots are left out.
    """
    values = {"kind": kind, "bounds": list(bounds), "limit": limit}
    return read(cursor, Slot, _SQL["busiest"], **values, **_span(bounds[0], bounds[-1]))


def series_name(cursor: Cursor, kind: SubjectKind, subject: str) -> SeriesName | None:
    """What a series is called; None where nothing was ever counted for it."""
    found = read(cursor, SeriesName, _SQL["series_name"], kind=kind, subject=subject)
    return next(iter(found), None)


def latest_stories(
    cursor: Cursor,
    kind: SubjectKind,
    subject: str,
    span: tuple[datetime, datetime],
    limit: int,
) -> list[Story]:
    """The newest stories of a series within a span of time."""
    values = {"kind": kind, "subject": subject, "limit": limit}
    return read(cursor, Story, _SQL["latest_stories"], **values, **_span(*span))


def _span(start: datetime, end: datetime) -> dict[str, datetime]:
    return {"from": start, "to": end}
