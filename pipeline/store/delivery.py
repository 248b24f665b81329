"""The outbox: who is told of alerts, and what became of each message."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from pipeline.store.connection import Connection, Cursor, rows, transaction
from pipeline.store.reading import read
from pipeline.store.shapes import Severity, SubjectKind
from sql import queries

_SQL: Final = queries("delivery")

DeliveryState = Literal["waiting", "sent", "failed", "dropped"]


@dataclass(frozen=True)
class RecipientRow:
    """A recipient as it is kept."""

    name: str
    body: dict[str, Any]
    changed_at: datetime


@dataclass(frozen=True)
class Occurrence:
    """Something that happened to an alert."""

    kind: str
    alert_id: UUID
    subject_kind: SubjectKind
    subject: str
    topic: str
    severity: Severity
    # Of the event in the alert's life.
    seq: int
    # Issuers its stories name that have no open alert of their own.
    carries: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ending:
    """An alert that ended, and one who was told of it."""

    recipient: str
    occurrence: Occurrence


@dataclass(frozen=True)
class Unheard:
    """A critical alert that still fires, one who was told of it, and since when."""

    recipient: str
    occurrence: Occurrence
    since: datetime


@dataclass(frozen=True)
class Claimed:
    """A message that is now to be sent."""

    delivery_id: UUID
    recipient: str
    kind: str
    group_key: str
    interval_start: datetime
    due_at: datetime
    # This one included.
    attempts: int


@dataclass(frozen=True)
class Told:
    """One message about an alert."""

    recipient: str
    channel: str
    kind: str
    state: DeliveryState
    due_at: datetime
    sent_at: datetime | None
    # The latest attempt that failed, and why.
    failed_at: datetime | None
    error: str | None

    @property
    def at(self) -> datetime:
        """When it was taken, or last was not; while it waits, when it is due."""
        return self.sent_at or self.failed_at or self.due_at


@dataclass(frozen=True)
class Health:
    """How one recipient is reached."""

    name: str
    body: dict[str, Any]
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None
    # Messages that are due, and since when the oldest is.
    waiting: int
    waiting_since: datetime | None

    @property
    def enabled(self) -> bool:
        """Whether it is told anything."""
        return bool(self.body.get("enabled", True))

    @property
    def channel(self) -> str:
        return str(self.body["channel"])

    @property
    def troubled(self) -> bool:
        """Whether its last attempt failed."""
        return self.failed_at is not None and (
            self.sent_at is None or self.failed_at > self.sent_at
        )


def recipients(cursor: Cursor) -> list[RecipientRow]:
    """All recipients, by name."""
    return read(cursor, RecipientRow, _SQL["recipients"])


def put_recipients(link: Connection, bodies: Mapping[str, Any]) -> int:
    """Add or change these; how many that was. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        changed = 0
        for name, body in bodies.items():
            cursor.execute(_SQL["put_recipient"], {"name": name, "body": json.dumps(body)})
            changed += cursor.rowcount
    return changed


def remove_recipient(link: Connection, name: str) -> bool:
    """Forget one; False where there is none. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["remove_recipient"], {"name": name})
        return cursor.rowcount > 0


def occurrences(cursor: Cursor, happened: Sequence[tuple[UUID, str]]) -> list[Occurrence]:
    """Those of these events (alert and what) that may be told."""
    values = {"alerts": [alert for alert, _ in happened], "kinds": [what for _, what in happened]}
    return read(cursor, Occurrence, _SQL["occurrences"], **values)


def endings(cursor: Cursor, since: datetime) -> list[Ending]:
    """Alerts that ended since then and whose end a recipient who knows of them was not told."""
    cursor.execute(_SQL["endings"], {"since": since})
    return [
        Ending(row.pop("recipient"), Occurrence(kind="resolved", **row)) for row in rows(cursor)
    ]


def unheard(cursor: Cursor) -> list[Unheard]:
    """Critical alerts that nobody has acknowledged, a row for each who was told."""
    cursor.execute(_SQL["unheard"])
    return [
        Unheard(
            row.pop("recipient"), since=row.pop("since"), occurrence=Occurrence("escalated", **row)
        )
        for row in rows(cursor)
    ]


def escalated(cursor: Cursor, recipient: str, of: Occurrence) -> bool:
    """Whether the recipient has a message that this alert went unheard."""
    values = {"recipient": recipient, "alert_id": of.alert_id, "seq": of.seq}
    cursor.execute(_SQL["escalated"], values)
    return bool(rows(cursor)[0]["found"])


def put(cursor: Cursor, delivery: Mapping[str, Any]) -> bool:
    """Have a message sent; False where the one of its group and interval is on its way already."""
    cursor.execute(_SQL["put"], delivery)
    return cursor.rowcount > 0


def put_alert(cursor: Cursor, delivery_id: UUID, of: Occurrence) -> None:
    """Have the message tell of this alert too."""
    values = {"delivery_id": delivery_id, "alert_id": of.alert_id, "seq": of.seq}
    cursor.execute(_SQL["put_alert"], {**values, "severity": of.severity})


@contextmanager
def office(link: Connection) -> Iterator[bool]:
    """Whether it is ours to send until the end: not where somebody else is at it."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["take_office"])
        taken = bool(rows(cursor)[0]["taken"])
    try:
        yield taken
    finally:
        if taken and not link.closed:
            with transaction(link) as cursor:
                cursor.execute(_SQL["leave_office"])


def forsake(link: Connection, names: Collection[str], now: datetime, given_up: datetime) -> None:
    """Drop what is for nobody of these names, and give up what was due before `given_up`."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["forsake"], {"names": list(names), "now": now, "given_up": given_up})


def claim(
    link: Connection,
    per_minute: Mapping[str, int],
    now: datetime,
    lease: datetime,
    kinds: Collection[str] | None = None,
) -> Claimed | None:
    """Take the next message that is due for one of these recipients; it is ours until `lease`.

    A recipient has no more attempts a minute than it is given here. `kinds` leaves out all other
    messages. None: nothing is due.
    """
    with transaction(link) as cursor:
        values = {
            "names": list(per_minute),
            "per_minute": list(per_minute.values()),
            "kinds": None if kinds is None else list(kinds),
        }
        found = read(cursor, Claimed, _SQL["claim"], now=now, lease=lease, **values)
    return next(iter(found), None)


def is_due(cursor: Cursor, kinds: Collection[str], now: datetime) -> bool:
    """Whether a message of these kinds is to be sent."""
    cursor.execute(_SQL["is_due"], {"kinds": list(kinds), "now": now})
    return bool(rows(cursor)[0]["found"])


def alerts_of(cursor: Cursor, delivery_id: UUID) -> dict[UUID, int]:
    """The alerts a message tells of, each with the number of the event."""
    cursor.execute(_SQL["alerts_of"], {"delivery_id": delivery_id})
    return {row["alert_id"]: row["seq"] for row in rows(cursor)}


def settle(
    link: Connection,
    delivery_id: UUID,
    now: datetime,
    state: DeliveryState,
    error: str | None = None,
    retry_at: datetime | None = None,
) -> None:
    """Write down what became of an attempt."""
    values = {"delivery_id": delivery_id, "now": now, "state": state}
    with transaction(link) as cursor:
        cursor.execute(_SQL["settle"], {**values, "error": error, "retry_at": retry_at})


def beat(link: Connection, now: datetime) -> None:
    """Say that messages were sent as far as they could be."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["beat"], {"now": now})


def told(cursor: Cursor, alert_id: UUID) -> list[Told]:
    """Every message about an alert, in order of time."""
    return read(cursor, Told, _SQL["told"], alert_id=alert_id)


def health(cursor: Cursor, now: datetime) -> list[Health]:
    """How each recipient is reached, by name."""
    return read(cursor, Health, _SQL["health"], now=now)
