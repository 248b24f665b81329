"""What the console reads of alerts. Every function works inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from pipeline.store.connection import Cursor, rows
from pipeline.store.shapes import (
    Alert,
    Bucket,
    Contribution,
    EarlierAlert,
    Event,
    Evidence,
    Pulse,
    StoryTime,
    SubjectKind,
    Undoable,
    Visit,
)
from sql import queries

_SQL: Final = queries("reading")
Shape = TypeVar("Shape")


@dataclass(frozen=True)
class Span:
    """What to count: one subject from one time to another."""

    # The caller's name for it.
    key: str
    kind: SubjectKind
    subject: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Filter:
    """Which alerts to list."""

    state: Literal["open", "resolved", "all"] = "open"
    # Part of a subject's name, code or of a headline; empty matches all.
    text: str = ""
    # Topics that match `text` in the reader's language.
    topics: tuple[str, ...] = ()
    limit: int = 50
    offset: int = 0
    # Whether a silence is over them at that time; None: either.
    silenced: bool | None = None
    at: datetime | None = None


def read(cursor: Cursor, shape: type[Shape], statement: str, **values: Any) -> list[Shape]:
    """The rows a statement returns, each as `shape`."""
    cursor.execute(statement, values)
    return msgspec.convert(rows(cursor), list[shape])  # type: ignore[valid-type]


def pulse(cursor: Cursor) -> Pulse:
    """The figures of the pulse line."""
    return read(cursor, Pulse, _SQL["pulse"])[0]


def visits(cursor: Cursor, sources: Sequence[str], at: datetime) -> list[Visit]:
    """The last visit to each of these sources as known at a time, in order of their ids."""
    return read(cursor, Visit, _SQL["source_visits"], sources=list(sources), at=at)


def articles_since(cursor: Cursor, since: datetime) -> int:
    """How many articles arrived since then; replayed ones do not count."""
    return _number(cursor, "articles_since", since=since)


def state_token(cursor: Cursor, now: datetime) -> str:
    """A digest that changes when any alert that is open, or was today, changes."""
    cursor.execute(_SQL["state_token"], {"now": now})
    return str(rows(cursor)[0]["token"])


def alerts(cursor: Cursor, wanted: Filter) -> list[Alert]:
    """The alerts that match, newest first."""
    escaped = wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return read(
        cursor,
        Alert,
        _SQL["alerts"],
        alert_id=None,
        state=wanted.state,
        pattern=f"%{escaped}%" if escaped else "",
        topics=list(wanted.topics),
        limit=wanted.limit,
        offset=wanted.offset,
        silenced=wanted.silenced,
        at=wanted.at,
    )


def alert(cursor: Cursor, alert_id: UUID) -> Alert | None:
    """One alert; None where there is no such."""
    values = {"state": "all", "pattern": "", "topics": [], "limit": 1, "offset": 0}
    values |= {"alert_id": alert_id, "silenced": None, "at": None}
    return next(iter(read(cursor, Alert, _SQL["alerts"], **values)), None)


def earlier_alerts(cursor: Cursor, of: Alert) -> list[EarlierAlert]:
    """At most five earlier alerts on the same subject, newest first."""
    return read(
        cursor,
        EarlierAlert,
        _SQL["earlier_alerts"],
        alert_id=of.alert_id,
        subject_kind=of.subject_kind,
        subject=of.subject,
        detected_at=of.detected_at,
    )


def evidence(
    cursor: Cursor, alert_id: UUID, annotator: str, limit: int, offset: int = 0
) -> list[Evidence]:
    """The alert's stories: denials and corrections first, withdrawn ones last."""
    values = {"alert_id": alert_id, "annotator": annotator, "limit": limit, "offset": offset}
    return read(cursor, Evidence, _SQL["evidence"], **values)


def evidence_count(cursor: Cursor, alert_id: UUID) -> int:
    """How many stories the alert's evidence holds."""
    return _number(cursor, "evidence_count", alert_id=alert_id)


def evidence_times(cursor: Cursor, alert_id: UUID) -> list[StoryTime]:
    """When each reporting story of the alert came, oldest first."""
    return read(cursor, StoryTime, _SQL["evidence_times"], alert_id=alert_id)


def timeline(cursor: Cursor, alert_id: UUID) -> list[Event]:
    """The alert's life, oldest step first."""
    return read(cursor, Event, _SQL["timeline"], alert_id=alert_id)


def contributing(cursor: Cursor, alert_id: UUID) -> list[Contribution]:
    """The windows that surged, the rarest first."""
    return read(cursor, Contribution, _SQL["contributing"], alert_id=alert_id)


def thresholds(cursor: Cursor, alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The count from which the leading window of each alert surges, where it was kept."""
    cursor.execute(_SQL["thresholds"], {"alerts": list(alert_ids)})
    return {row["alert_id"]: row["threshold"] for row in rows(cursor)}


def rule_body(cursor: Cursor, rule_id: str, version: int) -> dict[str, Any]:
    """What the rule said in that version."""
    cursor.execute(_SQL["rule_body"], {"rule_id": rule_id, "version": version})
    return dict(rows(cursor)[0]["body"])


def buckets(cursor: Cursor, spans: Sequence[Span]) -> dict[str, list[Bucket]]:
    """The counts within each span by its key, oldest first; empty five minutes are left out."""
    values = {
        "keys": [span.key for span in spans],
        "kinds": [span.kind for span in spans],
        "subjects": [span.subject for span in spans],
        "froms": [span.start for span in spans],
        "tos": [span.end for span in spans],
    }
    cursor.execute(_SQL["buckets"], values)
    found: dict[str, list[Bucket]] = {span.key: [] for span in spans}
    for row in rows(cursor):
        found[row.pop("key")].append(Bucket(**row))
    return found


def watched_hours(
    cursor: Cursor, sources: Sequence[str], start: datetime, end: datetime
) -> set[int]:
    """Hours from `start` in which something was known or a source answered; others are holes."""
    values = {"sources": list(sources), "from": start, "to": end}
    cursor.execute(_SQL["watched_hours"], values)
    return {row["hour"] for row in rows(cursor)}


def undoable(cursor: Cursor, who: str, since: datetime, alert_id: UUID | None) -> Undoable | None:
    """This analyst's latest decision since then that nothing has overtaken."""
    values = {"who": who, "since": since, "alert_id": alert_id}
    return next(iter(read(cursor, Undoable, _SQL["undoable"], **values)), None)


def _number(cursor: Cursor, statement: str, **values: Any) -> int:
    cursor.execute(_SQL[statement], values)
    return int(rows(cursor)[0]["n"])
