"""What a backtest reads. Everything happens inside the caller's transaction, and nothing writes."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.store.alerts import Subject, SubjectKind, subjects
from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from pipeline.store.shapes import Condition
from sql import queries

_SQL: Final = queries("past")


@dataclass(frozen=True)
class ToldRow:
    """One hour, counted since 1970 in UTC, in which a source has articles."""

    source_id: str
    hour: int
    # Stories it was the first to tell.
    stories: int


@dataclass(frozen=True)
class VisitsRow:
    """When a source was visited; hours count since 1970, UTC, in order."""

    source_id: str
    first_visit: int
    hours: list[int]


@dataclass(frozen=True)
class SurgeRow:
    """A surge that an alert was raised for."""

    subject_kind: SubjectKind
    subject: str
    onset: datetime
    # Of its latest surging window, or the time that was asked for.
    end: datetime
    condition: Condition


def limit(cursor: Cursor, most: timedelta) -> None:
    """How long one statement of this transaction may take."""
    cursor.execute(_SQL["limit"], {"milliseconds": str(most // timedelta(milliseconds=1))})


def watched(cursor: Cursor, kind: SubjectKind, unwatched: Collection[str]) -> list[Subject]:
    """Every series of a kind that can ring."""
    cursor.execute(_SQL["series"], {"kind": kind})
    return subjects(cursor, kind, [row["series_id"] for row in rows(cursor)], unwatched)


def told(cursor: Cursor, since: datetime, until: datetime) -> list[ToldRow]:
    """What each source told, hour by hour."""
    return read(cursor, ToldRow, _SQL["told"], since=since, until=until)


def visits(cursor: Cursor, since: datetime, until: datetime) -> list[VisitsRow]:
    """When each source was visited."""
    return read(cursor, VisitsRow, _SQL["visits"], since=since, until=until)


def surges(cursor: Cursor, since: datetime, until: datetime) -> list[SurgeRow]:
    """The surges before `until` that were not over by `since`."""
    return read(cursor, SurgeRow, _SQL["surges"], since=since, until=until)


def days_begun(
    cursor: Cursor, series: Collection[int], since: datetime, until: datetime
) -> dict[int, list[datetime]]:
    """Of each series, the start of the first bucket with any news of each day."""
    cursor.execute(_SQL["days_begun"], {"series": list(series), "since": since, "until": until})
    found: dict[int, list[datetime]] = defaultdict(list)
    for row in rows(cursor):
        found[row["series_id"]].append(row["start"])
    return found


def names(cursor: Cursor, entities: Collection[str]) -> dict[str, tuple[str, str]]:
    """English and Chinese name of each entity."""
    cursor.execute(_SQL["names"], {"entities": list(entities)})
    return {row["entity_id"]: (row["name_en"], row["name_zh"]) for row in rows(cursor)}
