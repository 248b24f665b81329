"""What of the news was there and watched. Everything happens inside the caller's transaction."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pipeline.store.connection import Cursor, rows
from sql import queries

_SQL: Final = queries("watching")


@dataclass(frozen=True)
class SourceRow:
    """One source; hours count since 1970, UTC."""

    source_id: str
    # Stories it was the first to tell.
    stories: int
    # Hours it has articles in, in order.
    told: list[int]
    # None: it was never visited.
    first_visit: int | None
    visits: list[int]


def covered(cursor: Cursor, since: datetime, until: datetime) -> frozenset[date]:
    """The days, UTC, on which any article occurred."""
    cursor.execute(_SQL["covered"], {"since": since, "until": until})
    return frozenset(row["day"] for row in rows(cursor))


def hours(cursor: Cursor, since: datetime, until: datetime) -> dict[int, int]:
    """Stories of each hour, counted since 1970 in UTC, that has any."""
    cursor.execute(_SQL["hours"], {"since": since, "until": until})
    return {row["hour"]: row["stories"] for row in rows(cursor)}


def sources(cursor: Cursor, since: datetime, until: datetime) -> list[SourceRow]:
    """The sources that told anything then, with their visits."""
    span = {"since": since, "until": until}
    cursor.execute(_SQL["visits"], span)
    visits: dict[str, list[int]] = defaultdict(list)
    for row in rows(cursor):
        visits[row["source_id"]].append(row["hour"])
    cursor.execute(_SQL["sources"], span)
    return [SourceRow(**row, visits=visits[row["source_id"]]) for row in rows(cursor)]
