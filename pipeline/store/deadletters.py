"""What was set aside: listed, shown, and marked when it is sent again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.store.connection import Connection, rows, transaction
from sql import queries

_SQL = queries("deadletters")


@dataclass(frozen=True)
class Replayable:
    """A dead letter whose message can be sent to its topic again."""

    topic_id: UUID
    partition: int
    kafka_offset: int
    # When the broker took the message first.
    seen_at: datetime


def listed(link: Connection, *, settled: bool, limit: int) -> list[dict[str, Any]]:
    """The newest dead letters; with `settled` also those sent again and those that expired."""
    states = ["open", "replayed", "expired"] if settled else ["open"]
    with transaction(link) as cursor:
        cursor.execute(_SQL["list_dead"], {"states": states, "limit": limit})
        return rows(cursor)


def shown(link: Connection, topic: str, partition: int, offset: int) -> list[dict[str, Any]]:
    """Everything kept of the dead letter there; one for each time the topic was made anew."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["show_dead"], {"topic": topic, "partition": partition, "offset": offset}
        )
        return rows(cursor)


def replayable(link: Connection, topic: str) -> list[Replayable]:
    """Open dead letters of a topic, oldest first; none whose message is due to be erased.

    What a crawler refused must be crawled again.
    """
    with transaction(link) as cursor:
        cursor.execute(_SQL["replayable"], {"topic": topic})
        return [Replayable(**row) for row in rows(cursor)]


def message(link: Connection, letter: Replayable) -> bytes | None:
    """What is to be sent; None where somebody else sent it meanwhile, or it expired."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["message"], vars(letter))
        row = cursor.fetchone()
    return bytes(row[0]) if row else None


def mark_replayed(link: Connection, letter: Replayable) -> None:
    """Note that a dead letter was sent again and acknowledged; its message is erased.

    Can be done twice.
    """
    with transaction(link) as cursor:
        cursor.execute(_SQL["mark_replayed"], vars(letter))
