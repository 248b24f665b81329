"""Kafka's topics as operators see them: made where they are missing, and what waits in them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.bus import REQUEST_BYTES, BusError, silent
from pipeline.messages import DEAD_TOPIC, RAW_TOPIC, RUNS_TOPIC

# How long the oldest record that nobody read is waited for.
_PEEK_S: Final = 3.0


def end_offsets(bootstrap: str, topic: str) -> dict[int, int]:
    """By partition, the offset the next message will get. Raises BusError."""
    try:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=10_000)
    except KafkaError as error:
        raise silent(bootstrap) from error
    try:
        numbers = sorted(consumer.partitions_for_topic(topic) or ())
        found = consumer.end_offsets([TopicPartition(topic, number) for number in numbers])
    except KafkaError as error:
        raise BusError(f"Kafka does not tell where {topic} ends: {error}") from error
    finally:
        consumer.close(autocommit=False)
    return {where.partition: offset for where, offset in found.items()}


@dataclass(frozen=True)
class Unread:
    """What lies in a topic behind the offsets that were read."""

    records: int
    # When Kafka took the oldest of them; None: there is none.
    oldest: datetime | None


def unread(bootstrap: str, topic: str, read: Mapping[int, int]) -> Unread:
    """What nobody read yet; `read` is the next offset by partition, none is 0. Raises BusError."""
    behind = {
        TopicPartition(topic, number): max(0, end - read.get(number, 0))
        for number, end in end_offsets(bootstrap, topic).items()
    }
    waiting = [where for where, records in behind.items() if records]
    oldest: dict[TopicPartition, datetime] = {}
    if waiting:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=10_000)
        try:
            consumer.assign(waiting)
            for where in waiting:
                consumer.seek(where, read.get(where.partition, 0))
            until = time.monotonic() + _PEEK_S
            while len(oldest) < len(waiting) and time.monotonic() < until:
                for where, found in consumer.poll(timeout_ms=200).items():
                    oldest.setdefault(where, datetime.fromtimestamp(found[0].timestamp / 1000, UTC))
        except KafkaError as error:
            raise BusError(f"Kafka does not show what waits in {topic}: {error}") from error
        finally:
            consumer.close(autocommit=False)
    return Unread(sum(behind.values()), min(oldest.values(), default=None))


def ensure_topics(bootstrap: str, partitions: int = 12) -> None:
    """Make the topics that are missing; what is there stays as it is. Raises BusError."""
    configs = {
        "max.message.bytes": str(REQUEST_BYTES),
        "message.timestamp.type": "LogAppendTime",
    }
    wanted = {
        RAW_TOPIC: partitions,
        DEAD_TOPIC: 1,
        RUNS_TOPIC: 1,
    }
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=10_000)
    except KafkaError as error:
        raise silent(bootstrap) from error
    try:
        missing = set(wanted) - set(admin.list_topics())
        if not missing:
            return
        admin.create_topics(
            {
                topic: {"num_partitions": wanted[topic], "configs": configs}
                for topic in sorted(missing)
            },
            timeout_ms=20_000,
            wait_for_metadata=True,
        )
    except TopicAlreadyExistsError:
        return  # another program was faster
    except KafkaError as error:
        raise BusError(f"Kafka would not make the topics: {error}") from error
    finally:
        admin.close()
