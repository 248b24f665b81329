"""What a run decided not to raise or not to tell, and why."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from pipeline.store.connection import Cursor, rows
from pipeline.store.delivery import Occurrence
from pipeline.store.reading import read
from pipeline.store.shapes import SubjectKind
from pipeline.store.silences import Silence
from sql import queries

_SQL: Final = queries("silences")
_NAMESPACE: Final = UUID("0b0e8a35-6f0f-5f4b-9a5d-3a1f0b7f4a11")

# Events that are told once the silence is over, if the alert still fires.
LIFTED: Final = ("opened", "raised", "reopened", "lapsed")

Reason = Literal[
    "silenced", "historical", "inhibited", "too_few_stories", "too_few_publishers", "usual"
]


@dataclass(frozen=True)
class Suppression:
    """One thing that was not raised or not told."""

    reason: Reason
    subject: str
    # The alert that was not told; None: none was raised.
    alert_id: UUID | None
    # When it was first and last so.
    first_at: datetime
    last_at: datetime
    # Told, or raised, after all.
    lifted_at: datetime | None
    detail: dict[str, Any]


def silenced(cursor: Cursor, of: Occurrence, by: Silence, now: datetime) -> None:
    """Keep that nobody was told of this, because of a silence."""
    detail = {"kind": of.kind, "severity": of.severity, "silence": str(by.silence_id)}
    _put(cursor, "silenced", of, now, detail | {"by": by.made_by, "comment": by.comment})


def lift(cursor: Cursor, now: datetime) -> list[tuple[UUID, str]]:
    """The alerts, each with its event, that a silence kept back and that are now to be told."""
    cursor.execute(_SQL["lift"], {"now": now, "kinds": list(LIFTED)})
    return [(row["alert_id"], row["kind"]) for row in rows(cursor)]


def late(cursor: Cursor, alerts: Collection[UUID], now: datetime) -> None:
    """Keep of those of these alerts that were found too late that nobody was told."""
    cursor.execute(_SQL["historical"], {"alerts": list(alerts)})
    for row in rows(cursor):
        _put(cursor, "historical", Occurrence(kind="opened", seq=1, **row), now, {})


def put_episode(
    cursor: Cursor,
    reason: Reason,
    kind: SubjectKind,
    subject: str,
    span: tuple[datetime, datetime],
    within: timedelta,
    detail: Mapping[str, Any],
) -> None:
    """Keep that no alert was raised from the first to the last time of `span`.

    It is one with what was kept so `within` that time of it; of both the figures with the least
    `p_value` stay.
    """
    first, last = span
    values = {
        "reason": reason,
        "subject_kind": kind,
        "subject": subject,
        "first_at": first,
        "last_at": last,
        "p_value": detail["p_value"],
        "detail": json.dumps(detail),
    }
    cursor.execute(_SQL["find"], values | {"within": within})
    found = next(iter(rows(cursor)), None)
    if found is None:
        name = f"{reason} {kind} {subject} {first.astimezone(UTC).isoformat()}"
        cursor.execute(_SQL["add"], values | {"suppression_id": uuid5(_NAMESPACE, name)})
    elif found["grows"]:
        cursor.execute(_SQL["grow"], values | {"suppression_id": found["suppression_id"]})


def rise(
    cursor: Cursor,
    kind: SubjectKind,
    subject: str,
    alerted: Sequence[tuple[datetime, datetime]],
    now: datetime,
) -> None:
    """Say of near misses that lie in the time of an alert that it was raised after all."""
    starts, ends = zip(*alerted, strict=True)
    values = {"subject_kind": kind, "subject": subject, "now": now}
    cursor.execute(_SQL["rise"], values | {"starts": list(starts), "ends": list(ends)})


def of_issuer(cursor: Cursor, issuer: str, since: datetime, until: datetime) -> list[Suppression]:
    """What of an issuer was kept back between these times."""
    return read(cursor, Suppression, _SQL["suppressed"], issuer=issuer, since=since, until=until)


def _put(
    cursor: Cursor, reason: Reason, of: Occurrence, at: datetime, detail: dict[str, Any]
) -> None:
    values = {
        "suppression_id": uuid5(_NAMESPACE, f"{reason} {of.alert_id}"),
        "reason": reason,
        "subject_kind": of.subject_kind,
        "subject": of.subject,
        "alert_id": of.alert_id,
        "first_at": at,
        "last_at": at,
        "detail": json.dumps(detail),
    }
    cursor.execute(_SQL["suppress"], values)
