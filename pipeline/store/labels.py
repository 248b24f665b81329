"""What analysts said of labels, and what a training made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pipeline.store.connection import Connection, rows, transaction
from sql import queries

_SQL: Final = queries("labels")


@dataclass(frozen=True)
class JudgedText:
    """A text with the labels analysts left it with."""

    article_id: UUID
    rev: int
    # As detected, such as zh-Hans.
    lang: str
    title: str
    # As far as it may be kept for good; None: nothing may.
    body: str | None
    topic: str
    sentiment: str


def judged(link: Connection) -> list[JudgedText]:
    """Every text an analyst relabelled, the last word counting. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["judged"])
        return [JudgedText(**row) for row in rows(cursor)]


def fresh(link: Connection) -> int:
    """How many labels analysts gave since lines were last frozen. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["fresh"])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def keep_snapshot(link: Connection, snapshot_id: str, labels: int, path: str) -> None:
    """Write down that these lines were frozen. Can be done twice. Raises StoreUnavailable."""
    values = {"snapshot_id": snapshot_id, "labels": labels, "path": path}
    with transaction(link) as cursor:
        cursor.execute(_SQL["keep_snapshot"], values)


def register(
    link: Connection,
    model_id: str,
    weights_digest: str,
    manifest: Mapping[str, Any],
    reasons: Sequence[str],
) -> None:
    """Register a model; it becomes champion where no reason speaks against it.

    Raises StoreUnavailable.
    """
    model = {"model_id": model_id}
    told = {"weights_digest": weights_digest, "manifest": json.dumps(manifest)}
    passed = not reasons
    gate = {"what": "gate_passed" if passed else "gate_failed"}
    with transaction(link) as cursor:
        cursor.execute(_SQL["register"], model | told)
        if cursor.rowcount:
            cursor.execute(_SQL["add_event"], model | {"what": "registered", "detail": "{}"})
        detail = json.dumps({"reasons": list(reasons)})
        cursor.execute(_SQL["add_event"], model | gate | {"detail": detail})
        if passed:
            cursor.execute(_SQL["promote"], model)
            cursor.execute(_SQL["add_event"], model | {"what": "promoted", "detail": "{}"})
