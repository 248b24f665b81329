"""Silences: what nobody is told for a while, who said so, and when it ends."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from pipeline.store.connection import Connection, Cursor, rows, transaction
from pipeline.store.judging import Outcome
from pipeline.store.reading import read
from pipeline.store.shapes import Severity, SubjectKind
from sql import queries

_SQL: Final = queries("silences")
_JUDGING: Final = queries("judging")


@dataclass(frozen=True)
class Silence:
    """Keeps alerts that match all it names from being told; what it leaves empty matches any."""

    silence_id: UUID
    # None: any.
    subject_kind: SubjectKind | None
    # Entity ids, or topics that no issuer carries.
    subjects: tuple[str, ...]
    # What the alerts are filed under.
    topics: tuple[str, ...]
    severities: tuple[Severity, ...]
    starts_at: datetime
    ends_at: datetime
    comment: str
    made_by: str
    # Where somebody ended it before its time.
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def until(self) -> datetime:
        """When it ended, or will."""
        return self.ended_at or self.ends_at

    def in_force(self, at: datetime) -> bool:
        return self.starts_at <= at < self.until


def put(link: Connection, silence: Silence, alert_id: UUID | None = None) -> None:
    """Begin a silence, from `alert_id` where it was laid over an alert. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        values = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(silence).items()
        }
        cursor.execute(_SQL["put"], values)
        if alert_id:
            detail = {"until": silence.ends_at.isoformat(), "comment": silence.comment}
            event = {"alert_id": alert_id, "at": silence.starts_at, "who": silence.made_by}
            said = {"what": "silenced", "detail": json.dumps(detail)}
            cursor.execute(_JUDGING["add_event"], event | said)


def end(link: Connection, silence_id: UUID, who: str, at: datetime) -> Outcome:
    """End a silence before its time. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        found = _locked(cursor, silence_id)
        if found is None:
            return Outcome.MISSING
        if not found.in_force(at):
            return Outcome.ALREADY
        _set_end(cursor, silence_id, who, at)
        return Outcome.DONE


def resume(
    link: Connection, silence_id: UUID, who: str, at: datetime, within: timedelta
) -> Outcome:
    """Take back that this analyst ended a silence. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        found = _locked(cursor, silence_id)
        if found is None:
            return Outcome.MISSING
        if found.ended_at is None:
            return Outcome.ALREADY
        if found.ended_by != who or at - found.ended_at > within or at >= found.ends_at:
            return Outcome.TOO_LATE
        _set_end(cursor, silence_id, None, None)
        return Outcome.DONE


def listed(cursor: Cursor, since: datetime, now: datetime) -> list[Silence]:
    """Those that ended since then or have not yet, what is in force first; fifty at most."""
    return read(cursor, Silence, _SQL["listed"], since=since, now=now)


def over(cursor: Cursor, alert_ids: Collection[UUID], now: datetime) -> dict[UUID, Silence]:
    """The silence over each of these alerts, of those that have one."""
    cursor.execute(_SQL["over"], {"alerts": list(alert_ids), "now": now})
    return {row.pop("alert_id"): msgspec.convert(row, Silence) for row in rows(cursor)}


def of_issuer(cursor: Cursor, issuer: str, since: datetime, until: datetime) -> list[Silence]:
    """Those in force between these times that may have been over an alert of the issuer."""
    return read(cursor, Silence, _SQL["of_issuer"], issuer=issuer, since=since, until=until)


def names(cursor: Cursor, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """English and Chinese name of those of these that are issuers."""
    cursor.execute(_SQL["names"], {"ids": list(ids)})
    return {row["entity_id"]: (row["name_en"], row["name_zh"]) for row in rows(cursor)}


def latest_of(cursor: Cursor, who: str, since: datetime) -> Silence | None:
    """The silence that this analyst began or ended last, since then."""
    return next(iter(read(cursor, Silence, _SQL["latest_of"], who=who, since=since)), None)


def silenced_alerts(cursor: Cursor, now: datetime) -> int:
    """How many alerts that are not resolved have a silence over them."""
    cursor.execute(_SQL["silenced_alerts"], {"now": now})
    return int(rows(cursor)[0]["n"])


def _locked(cursor: Cursor, silence_id: UUID) -> Silence | None:
    return next(iter(read(cursor, Silence, _SQL["lock"], silence_id=silence_id)), None)


def _set_end(cursor: Cursor, silence_id: UUID, who: str | None, at: datetime | None) -> None:
    values = {"silence_id": silence_id, "ended_by": who, "ended_at": at}
    cursor.execute(_SQL["set_end"], values)
