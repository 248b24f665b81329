"""What was set aside: listed, shown, and marked when it is sent again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipeline.store.connection import Connection, rows, transaction
from sql import queries

_SQL = queries("deadletters")


@dataclass(frozen=True)
class Replayable:
    """A dead letter whose bytes can be sent to its topic again."""

    topic_id: UUID
    partition: int
    kafka_offset: int
    raw: bytes


def listed(link: Connection, *, replayed: bool, limit: int) -> list[dict[str, Any]]:
    """The newest dead letters; with `replayed` also those that were sent again."""
    states = ["open", "replayed"] if replayed else ["open"]
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
    """Open dead letters of a topic, oldest first. What a crawler refused must be crawled again."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["replayable"], {"topic": topic})
        return [Replayable(**{**row, "raw": bytes(row["raw"])}) for row in rows(cursor)]


def mark_replayed(link: Connection, letter: Replayable) -> None:
    """Note that a dead letter was sent again and acknowledged. Can be done twice."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["mark_replayed"],
            {
                "topic_id": letter.topic_id,
                "partition": letter.partition,
                "kafka_offset": letter.kafka_offset,
            },
        )
