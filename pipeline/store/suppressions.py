"""What a run decided not to tell, and why."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from pipeline.store.connection import Cursor, rows
from pipeline.store.delivery import Occurrence
from pipeline.store.reading import read
from pipeline.store.silences import Silence
from sql import queries

_SQL: Final = queries("silences")
_NAMESPACE: Final = UUID("0b0e8a35-6f0f-5f4b-9a5d-3a1f0b7f4a11")

# Events that are told once the silence is over, if the alert still fires.
LIFTED: Final = ("opened", "raised", "reopened", "lapsed")

Reason = Literal["silenced"]


@dataclass(frozen=True)
class Suppression:
    """One thing that was not raised or not told."""

    reason: Reason
    # The alert that was not told.
    alert_id: UUID | None
    # When it was first and last so.
    first_at: datetime
    last_at: datetime
    # Told after all.
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
        "at": at,
        "detail": json.dumps(detail),
    }
    cursor.execute(_SQL["suppress"], values)
