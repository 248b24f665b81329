"""What an alerts run reads and writes. Everything happens inside the caller's transaction."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from pipeline.store.connection import Cursor, rows
from pipeline.store.shapes import Condition
from sql import queries

_SQL: Final = queries("alerts")

SubjectKind = Literal["issuer", "topic"]


@dataclass(frozen=True)
class Change:
    """A five-minute bucket whose facts changed."""

    id: int
    series_id: int
    start: datetime


@dataclass(frozen=True)
class Subject:
    """A series that can ring."""

    series_id: int
    # entity_id or topic.
    subject: str
    # End of the code of an issuer's main security.
    market: str | None


@dataclass(frozen=True)
class AlertRow:
    """An alert that is open, or young enough to matter."""

    alert_id: UUID
    subject: str
    state: Literal["firing", "acknowledged", "resolved"]
    severity: Literal["info", "low", "high", "critical"]
    onset: datetime
    last_surge_at: datetime
    # Stories in its leading window.
    observed: int
    resolved_reason: Literal["subsided", "corrected", "false_alarm", "closed"] | None
    # What speaks for it.
    condition: Condition


@dataclass(frozen=True)
class StoryRow:
    """One negative story of one series."""

    series_id: int
    story_id: UUID
    occurred_at: datetime
    weight: float
    # Issuers it is about, the most relevant first.
    issuers: list[str]
    topic: str


@dataclass(frozen=True)
class Facts:
    """What the stories of an alert say together."""

    # The topic most are filed under, and the model that said so.
    topic: str
    model_id: str
    copies: int
    origin: Literal["live", "backfill", "replay"]


@dataclass(frozen=True)
class Negative:
    """From which figures on a story counts as negative about a subject."""

    p: float
    relevance: float


def begin(cursor: Cursor, as_of: datetime) -> datetime:
    """Wait for any other run to end; the newest time a run was ever evaluated for, or `as_of`."""
    cursor.execute(_SQL["lock"])
    cursor.execute(_SQL["newest_as_of"], {"as_of": as_of})
    newest: datetime = cursor.fetchone()[0]  # type: ignore[index]
    return newest


def end(cursor: Cursor, done: Iterable[Change], now: datetime, as_of: datetime) -> None:
    """Forget exactly the changes that were worked off, and say that alerts were checked."""
    cursor.execute(_SQL["forget_changes"], {"ids": [change.id for change in done]})
    cursor.execute(_SQL["beat"], {"now": now, "as_of": as_of})


def rule(cursor: Cursor, rule_id: str, shipped: Mapping[str, Any]) -> dict[str, Any]:
    """version, enabled and body of a rule; the shipped body becomes version 1 if there is none."""
    cursor.execute(_SQL["import_rule"], {"rule_id": rule_id, "body": json.dumps(shipped)})
    cursor.execute(_SQL["rule"], {"rule_id": rule_id})
    return rows(cursor)[0]


def changes(cursor: Cursor, until: datetime) -> list[Change]:
    """What changed in buckets that start by `until`; later ones wait for their time."""
    cursor.execute(_SQL["changes"], {"until": until})
    return [Change(**row) for row in rows(cursor)]


def recount(cursor: Cursor, changed: Sequence[Change], negative: Negative) -> None:
    """Count these buckets anew from the stories in them."""
    buckets = {
        "series": [change.series_id for change in changed],
        "starts": [change.start for change in changed],
    }
    cursor.execute(_SQL["recount"], buckets | vars(negative))


def subjects(
    cursor: Cursor, kind: SubjectKind, changed: Collection[int], unwatched: Collection[str]
) -> list[Subject]:
    """The watched series of a kind that changed or have an open alert."""
    values = {"kind": kind, "changed": list(changed), "unwatched": list(unwatched)}
    cursor.execute(_SQL["subjects"], values)
    return [Subject(**row) for row in rows(cursor)]


def known(
    cursor: Cursor,
    kind: SubjectKind,
    names: Collection[str],
    since: datetime,
    reach: timedelta,
) -> list[AlertRow]:
    """The subjects' alerts, locked: the open ones, and those that surged since `reach` before."""
    values = {"kind": kind, "subjects": list(names), "since": since, "reach": reach}
    cursor.execute(_SQL["known"], values)
    return [AlertRow(**row) for row in rows(cursor)]


def stories(
    cursor: Cursor, since: Mapping[int, datetime], until: datetime, negative: Negative
) -> list[StoryRow]:
    """The negative stories of each series from its time on to just before `until`."""
    wanted = {"series": list(since), "since": list(since.values()), "until": until}
    cursor.execute(_SQL["stories"], wanted | vars(negative))
    return [StoryRow(**row) for row in rows(cursor)]


def owners(cursor: Cursor, story_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """Owners of the publishers that carry each story."""
    cursor.execute(_SQL["owners"], {"stories": list(story_ids)})
    return {row["story_id"]: frozenset(row["owners"]) for row in rows(cursor)}


def carried(cursor: Cursor, since: datetime) -> list[tuple[str, datetime, datetime]]:
    """Issuer, onset and last surge of the issuers' alerts that were not corrected since."""
    cursor.execute(_SQL["carried"], {"since": since})
    return [(row["subject"], row["onset"], row["last_surge_at"]) for row in rows(cursor)]


def rests_on(cursor: Cursor, topic: str) -> frozenset[UUID]:
    """The stories an open alert of that topic rests on."""
    cursor.execute(_SQL["rests_on"], {"subject": topic})
    return frozenset(row["story_id"] for row in rows(cursor))


def facts(cursor: Cursor, series_id: int, story_ids: Collection[UUID]) -> Facts:
    """What these stories of one series, at least one, say together."""
    cursor.execute(_SQL["facts"], {"series_id": series_id, "stories": list(story_ids)})
    return Facts(**rows(cursor)[0])


def write(cursor: Cursor, statement: Literal["open", "follow"], values: Mapping[str, Any]) -> None:
    """Insert an alert, or bring one to what is known."""
    cursor.execute(_SQL[statement], values)


def prolong(cursor: Cursor, alert_id: UUID, last_surge_at: datetime, as_of: datetime) -> None:
    """Say that an alert an analyst has ended still surges; its figures stay."""
    values = {"alert_id": alert_id, "last_surge_at": last_surge_at, "as_of": as_of}
    cursor.execute(_SQL["prolong"], values)


def correct(cursor: Cursor, alert_id: UUID, now: datetime, as_of: datetime) -> None:
    """Resolve an alert whose windows no longer surge by what is known now."""
    cursor.execute(_SQL["correct"], {"alert_id": alert_id, "now": now, "as_of": as_of})


def merge(cursor: Cursor, alert_id: UUID, into: UUID, now: datetime) -> None:
    """Resolve an alert as part of an earlier one on the same subject, which keeps its owner."""
    cursor.execute(_SQL["merge"], {"alert_id": alert_id, "into": into, "now": now})


def figures(cursor: Cursor, alert_id: UUID) -> dict[str, int]:
    """observed, window_minutes and publishers of an alert as it stands."""
    cursor.execute(_SQL["figures"], {"alert_id": alert_id})
    return rows(cursor)[0]


def topic_series(cursor: Cursor, series_id: int, topic: str) -> int:
    """The series of one topic within the issuer of a series."""
    cursor.execute(_SQL["topic_series"], {"series_id": series_id, "topic": topic})
    found: int = rows(cursor)[0]["series_id"]
    return found


def issuers_called(cursor: Cursor, name: str) -> list[dict[str, str]]:
    """entity_id, name_en and name_zh of the issuers with that id, name, code or alias."""
    cursor.execute(_SQL["issuers_called"], {"name": name})
    return rows(cursor)


def issuer_series(cursor: Cursor, entity_id: str) -> Subject | None:
    """The series of an issuer; None: no story named it yet."""
    cursor.execute(_SQL["issuer_series"], {"entity_id": entity_id})
    return next((Subject(**row) for row in rows(cursor)), None)


def current_rule(cursor: Cursor, rule_id: str) -> dict[str, Any] | None:
    """version, enabled and body of a rule; None: no alerts run has imported it yet."""
    cursor.execute(_SQL["rule"], {"rule_id": rule_id})
    return next(iter(rows(cursor)), None)


def alerts_of(cursor: Cursor, issuer: str, since: datetime, until: datetime) -> list[AlertRow]:
    """An issuer's alerts that began before `until` and surged since `since`, not locked."""
    values = {"subject": issuer, "since": since, "until": until}
    cursor.execute(_SQL["alerts_of"], values)
    return [AlertRow(**row) for row in rows(cursor)]


def lapse(cursor: Cursor, now: datetime) -> list[tuple[UUID, bool]]:
    """Let acknowledgements end that do by now; which, and whether because the alert got worse."""
    cursor.execute(_SQL["lapse"], {"now": now})
    return [(row["alert_id"], row["worse"]) for row in rows(cursor)]


def put_series(cursor: Cursor, alert_id: UUID, windows: Iterable[Mapping[str, Any]]) -> None:
    """Replace the windows an alert names."""
    cursor.execute(_SQL["forget_series"], {"alert_id": alert_id})
    for window in windows:
        cursor.execute(_SQL["add_series"], {"alert_id": alert_id, **window})


def add_event(
    cursor: Cursor, alert_id: UUID, now: datetime, what: str, detail: Mapping[str, Any]
) -> None:
    """Write down what happened to an alert."""
    values = {"alert_id": alert_id, "now": now, "what": what, "detail": json.dumps(detail)}
    cursor.execute(_SQL["add_event"], values)


def answers(
    cursor: Cursor, series_id: int, since: datetime, until: datetime, relevance: float
) -> list[UUID]:
    """Denials and corrections about a series' subject, the first ten."""
    span = {"since": since, "until": until}
    cursor.execute(_SQL["answers"], {"series_id": series_id, "relevance": relevance, **span})
    return [row["story_id"] for row in rows(cursor)]


def evidence(cursor: Cursor, alert_id: UUID) -> frozenset[UUID]:
    """The stories in an alert's snapshot."""
    cursor.execute(_SQL["evidence"], {"alert_id": alert_id})
    return frozenset(row["story_id"] for row in rows(cursor))


def add_evidence(
    cursor: Cursor, alert_id: UUID, series_id: int, story_ids: Collection[UUID], now: datetime
) -> None:
    """Add stories to an alert's snapshot as they are now."""
    values = {"alert_id": alert_id, "series_id": series_id, "now": now}
    cursor.execute(_SQL["add_evidence"], {**values, "stories": list(story_ids)})


def refresh_evidence(cursor: Cursor, alert_id: UUID, series_id: int, negative: Negative) -> None:
    """Mark what no longer holds, unmark what holds again, and count copies."""
    values = {"alert_id": alert_id, "series_id": series_id}
    cursor.execute(_SQL["refresh_evidence"], values | vars(negative))
