"""The versions of a rule, as people change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pipeline.store.connection import Connection, Cursor, rows, transaction
from pipeline.store.reading import read
from pipeline.store.shapes import Severity
from sql import queries

_SQL: Final = queries("rulebook")


@dataclass(frozen=True)
class Version:
    """One version of a rule: what it says, who made it, when and why."""

    version: int
    at: datetime
    # `tocsin`: the shipped one, or a migration.
    actor: str
    comment: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Feedback:
    """What analysts made of the alerts of one version and severity."""

    version: int
    severity: Severity
    alerts: int
    # Somebody took it on or closed it, and nobody called it false.
    useful: int
    false_alarms: int


def feedback(cursor: Cursor, rule_id: str) -> list[Feedback]:
    """By version, the newest first, and severity, the worst first."""
    return read(cursor, Feedback, _SQL["feedback"], rule_id=rule_id)


def in_force(cursor: Cursor, rule_id: str) -> Version | None:
    """The version alerts are judged by; None: no alerts run has imported the rule yet."""
    return next(iter(read(cursor, Version, _SQL["in_force"], rule_id=rule_id)), None)


def history(cursor: Cursor, rule_id: str) -> list[Version]:
    """Every version, the newest first."""
    return read(cursor, Version, _SQL["history"], rule_id=rule_id)


def put(
    link: Connection, rule_id: str, based_on: int, body: Mapping[str, Any], who: str, why: str
) -> int | None:
    """Add a version, which is in force from then on; its number.

    None: version `based_on` is in force no more. Raises StoreUnavailable.
    """
    values = {"rule_id": rule_id, "based_on": based_on, "actor": who, "comment": why}
    with transaction(link) as cursor:
        cursor.execute(_SQL["put"], values | {"body": json.dumps(body)})
        return next((row["version"] for row in rows(cursor)), None)
