"""Where a message lies in the log, and the message as the log holds it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

# A dead letter keeps its message so long at most.
LETTER_LIFE: Final = timedelta(days=365)
# Header of a dead letter that is sent again: when the broker took it first, as ISO 8601.
SEEN_AT: Final = "tocsin-seen-at"


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
    # LogAppendTime: when the broker took it, and took it first where it was sent again.
    seen_at: datetime
    # A dead letter sent again: newer versions of its article may lie before it in the log.
    resent: bool = False


def first_seen(headers: Sequence[tuple[str, bytes]], taken: datetime) -> datetime | None:
    """When the broker took first what it took again at `taken`; None where it was not sent again.

    Headers are anybody's. A time from which no dead letter has its message still counts for
    nothing, or it could put news into any month.
    """
    told = dict(reversed(headers)).get(SEEN_AT)
    try:
        first = datetime.fromisoformat(told.decode("ascii")) if told else None
    except ValueError:
        return None
    if first is None or first.tzinfo is None or taken - first > LETTER_LIFE + timedelta(days=1):
        return None
    return min(first, taken).astimezone(UTC)


def spans_of(records: Iterable[Record]) -> dict[Partition, tuple[int, int]]:
    """By partition, the first offset of these records and the one behind the last."""
    spans: dict[Partition, tuple[int, int]] = {}
    for item in records:
        first, _ = spans.get(item.partition, (item.offset, 0))
        spans[item.partition] = (first, item.offset + 1)
    return spans
