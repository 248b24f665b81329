"""What the risk scores of issuers are made of, and where they are kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pipeline.store.alerts import Negative
from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from sql import queries

_SQL: Final = queries("risk")


@dataclass(frozen=True)
class StoryRow:
    """One story about one issuer."""

    issuer: str
    at: datetime
    topic: str
    # Probability that it is negative times its relevance.
    weight: float
    negative: bool


@dataclass(frozen=True)
class StepRow:
    """What happened to an alert on an issuer."""

    issuer: str
    alert_id: UUID
    at: datetime
    is_open: bool
    severity: str | None


@dataclass(frozen=True)
class ScoreRow:
    """The score of one issuer in one hour."""

    issuer: str
    # Its beginning, and the time within it, or its end, that was scored.
    hour: datetime
    as_of: datetime
    score: float
    drivers: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class HourScore:
    """One hour of an issuer as it is kept."""

    hour: datetime
    as_of: datetime
    score: float
    drivers: list[dict[str, Any]]


@dataclass(frozen=True)
class Scored:
    """From which hour to which time issuers were scored; None: never."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class AlertRow:
    """An alert on an issuer, for the comparison with what was scored before it."""

    issuer: str
    onset: datetime
    detected_at: datetime
    last_surge_at: datetime


def begin(cursor: Cursor) -> datetime | None:
    """Wait for any other run to end; the newest time one was for, None before the first."""
    cursor.execute(_SQL["lock"])
    cursor.execute(_SQL["newest"])
    newest: datetime | None = rows(cursor)[0]["as_of"]
    return newest


def beat(cursor: Cursor, now: datetime, as_of: datetime) -> None:
    """Say that issuers were scored as of a time."""
    cursor.execute(_SQL["beat"], {"now": now, "as_of": as_of})


def stories(
    cursor: Cursor,
    negative: Negative,
    counted: tuple[datetime, datetime],
    known_since: datetime,
    issuer: str | None = None,
) -> list[StoryRow]:
    """Stories within `counted`, and negative ones since `known_since`; of one issuer or of all."""
    values = {"counted_since": counted[0], "until": counted[1], "known_since": known_since}
    return read(
        cursor, StoryRow, _SQL["stories"], **values, issuer=issuer, p=negative.p,
        relevance=negative.relevance,
    )  # fmt: skip


def steps(cursor: Cursor, since: datetime, issuer: str | None = None) -> list[StepRow]:
    """The lives of the alerts that were open at any time since then."""
    return read(cursor, StepRow, _SQL["steps"], since=since, issuer=issuer)


def put(
    cursor: Cursor,
    scored: Sequence[ScoreRow],
    hours: Mapping[datetime, datetime],
    weights: int,
) -> None:
    """Keep the scores of these hours (each with the time it was scored as of), and no others."""
    kept = {"issuers": [row.issuer for row in scored], "hours": [row.hour for row in scored]}
    values = {
        "as_ofs": [row.as_of for row in scored],
        "scores": [row.score for row in scored],
        "drivers": [json.dumps(row.drivers) for row in scored],
        "weights": weights,
    }
    cursor.execute(_SQL["put"], kept | values)
    cursor.execute(_SQL["forget"], kept | {"of": list(hours), "at": list(hours.values())})


def hours(cursor: Cursor, issuer: str, since: datetime, until: datetime) -> list[HourScore]:
    """The scores of an issuer's hours, oldest first; an hour without one scored nothing."""
    values = {"issuer": issuer, "since": since, "until": until}
    return read(cursor, HourScore, _SQL["hours"], **values)


def span(cursor: Cursor) -> Scored:
    """From when to when issuers were scored at all."""
    return read(cursor, Scored, _SQL["span"])[0]


def alerts(cursor: Cursor, since: datetime, until: datetime) -> list[AlertRow]:
    """Alerts on issuers with an onset in that time, those called false left out."""
    return read(cursor, AlertRow, _SQL["alerts"], since=since, until=until)
