"""Where a message lies in the log, and the message as the log holds it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, order=True)
class Partition:
    """One partition of one incarnation of a topic."""

    topic: str
    # Kafka's own id: a topic deleted and made again under the same name has another.
    topic_id: UUID
    number: int


@dataclass(frozen=True)
class Record:
    """One message as Kafka holds it."""

    partition: Partition
    offset: int
    key: bytes | None
    # None for a tombstone.
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    # LogAppendTime: when the broker took it.
    seen_at: datetime
