"""What is known of the canary. Every function works in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.sources import CANARY
from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from pipeline.store.rows import CanaryRow
from sql import queries

_SQL: Final = queries("canary")
# How long it is remembered that one came through.
_KEPT: Final = timedelta(days=30)


@dataclass(frozen=True)
class Canary:
    """One canary, and when each part was done with it; None: it has not come there."""

    fetched_at: datetime
    # Kafka took it; the consumer had it scored and stored.
    seen_at: datetime
    scored_at: datetime
    # The probability that it is bad news, which it is.
    p_negative: float
    # An alerts run judged it; a test channel took the message.
    judged_at: datetime | None
    told_at: datetime | None


@dataclass(frozen=True)
class Flight:
    """A visit to the canary's site: the latest that published it, or the first that tried."""

    started_at: datetime
    ended_at: datetime
    published: bool


def put(cursor: Cursor, found: Sequence[CanaryRow]) -> None:
    """Store the canaries of a batch, and forget those of a month ago."""
    for item in found:
        cursor.execute(_SQL["put"], vars(item))
        cursor.execute(_SQL["forget"], {"until": item.fetched_at - _KEPT})


def judge(cursor: Cursor, p_negative: float, now: datetime) -> datetime | None:
    """Judge the canaries that came, and return when the newest was fetched; None: none came."""
    cursor.execute(_SQL["judge"], {"p": p_negative, "now": now})
    return max((row["fetched_at"] for row in rows(cursor)), default=None)


def latest(cursor: Cursor) -> Canary | None:
    """The newest that reached the database."""
    return next(iter(read(cursor, Canary, _SQL["latest"])), None)


def flight(cursor: Cursor) -> Flight | None:
    """The visit that tells when it last flew; None: there was none."""
    return next(iter(read(cursor, Flight, _SQL["flight"], source=CANARY)), None)
