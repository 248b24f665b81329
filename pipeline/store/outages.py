"""Whether alerts are looked for, and who hears of it.

Every function works in the caller's transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from sql import queries

_SQL: Final = queries("outages")


@dataclass(frozen=True)
class Outage:
    """From the last look at the alerts before it to the first one after it."""

    since: datetime
    # None: it goes on.
    until: datetime | None


@dataclass(frozen=True)
class Ping:
    """What came of telling a switch outside that alerts are looked for."""

    # The latest time, and the latest that was taken.
    asked_at: datetime
    answered_at: datetime | None
    # Why the latest one was not taken.
    error: str | None


def checked_at(cursor: Cursor) -> datetime:
    """The time for which alerts were last looked for, or from which on they never were."""
    cursor.execute(_SQL["checked_at"])
    return cast(datetime, rows(cursor)[0]["checked_at"])


def begin(cursor: Cursor, since: datetime) -> None:
    """Note that nobody looks, since then; one that goes on already stays as it is."""
    cursor.execute(_SQL["begin"], {"since": since})


def end(cursor: Cursor, until: datetime) -> None:
    """Note that somebody looks again, and for all that came until then."""
    cursor.execute(_SQL["end"], {"until": until})


def latest(cursor: Cursor) -> Outage | None:
    """The newest; None: there was none."""
    return next(iter(read(cursor, Outage, _SQL["latest"])), None)


def of(cursor: Cursor, since: datetime) -> Outage:
    """The one that began then."""
    return read(cursor, Outage, _SQL["of"], since=since)[0]


def note_ping(cursor: Cursor, now: datetime, error: str | None) -> None:
    """Note that the switch outside was asked, and why it did not answer, if so."""
    cursor.execute(_SQL["note_ping"], {"now": now, "error": error})


def ping(cursor: Cursor) -> Ping | None:
    """The latest time that the switch outside was asked; None: it never was."""
    return next(iter(read(cursor, Ping, _SQL["ping"])), None)


def before(cursor: Cursor, at: datetime) -> Outage:
    """The latest that had begun by then."""
    return read(cursor, Outage, _SQL["before"], at=at)[0]


def unheard(cursor: Cursor, alerts: Collection[UUID], now: datetime) -> dict[UUID, Outage]:
    """Those alerts whose news came out while its sources were not heard, and when that was."""
    cursor.execute(_SQL["unheard"], {"alerts": list(alerts), "now": now})
    return {row["alert_id"]: Outage(row["since"], row["until"]) for row in rows(cursor)}


def told(cursor: Cursor, since: datetime) -> set[str]:
    """Recipients who know that the one that began then did."""
    cursor.execute(_SQL["told"], {"since": since})
    return {row["recipient"] for row in rows(cursor)}
