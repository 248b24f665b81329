"""Kafka as the rest of Tocsin sees it: a producer that resolves at the ack, and a consumer."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaError, OffsetOutOfRangeError

from pipeline.errors import OperatorError
from pipeline.messages import MAX_MESSAGE_BYTES
from pipeline.records import Partition, Record, first_seen

# What a broker takes: a message of the largest size, its key, headers and record framing.
REQUEST_BYTES: Final = MAX_MESSAGE_BYTES + 64 * 1024

GROUP: Final = "tocsin-consumer"

# Without a connection for so long, the broker is away.
_SILENCE_S: Final = 3.0


class BusError(OperatorError, RuntimeError):
    """Kafka did not do what was asked; the message says what, for an operator."""


class BusUnavailable(BusError):
    """Kafka cannot be reached now; trying again later may help."""


@dataclass(frozen=True)
class Coordinates:
    """Where an acknowledged message lies."""

    topic: str
    partition: int
    offset: int


class Sender(Protocol):
    """What a crawler needs of a producer."""

    def send(self, topic: str, key: str, payload: bytes) -> Future[Coordinates]:
        """Queue one message; the future resolves when all in-sync replicas have it."""
        ...

    def flush(self, timeout_s: float) -> None:
        """Wait until everything queued is acknowledged. Raises BusError when time runs out."""
        ...


class Producer:
    """Idempotent producer with acks=all."""

    def __init__(self, bootstrap: str) -> None:
        """Connect. Raises BusError where no broker answers within 10 s."""
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap,
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                max_request_size=REQUEST_BYTES,
                delivery_timeout_ms=60_000,
                bootstrap_timeout_ms=10_000,
            )
        except KafkaError as error:
            raise silent(bootstrap) from error

    def send(
        self, topic: str, key: str, payload: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Future[Coordinates]:
        """Queue one message; a failure, at once or later, is in the future as BusError."""
        result: Future[Coordinates] = Future()
        try:
            sent = self._producer.send(
                topic, key=key.encode(), value=payload, headers=list(headers)
            )
        except KafkaError as error:
            result.set_exception(BusError(f"{topic}: {error}"))
            return result

        def acknowledged(metadata: Any) -> None:
            result.set_result(Coordinates(metadata.topic, metadata.partition, metadata.offset))

        def failed(error: BaseException) -> None:
            result.set_exception(BusError(f"{topic}: {error}"))

        sent.add_callback(acknowledged)
        sent.add_errback(failed)
        return result

    def flush(self, timeout_s: float) -> None:
        """Wait until everything queued is acknowledged. Raises BusError when time runs out."""
        try:
            self._producer.flush(timeout=timeout_s)
        except KafkaError as error:
            raise BusError(f"Kafka did not acknowledge within {timeout_s:g} s: {error}") from error

    def close(self) -> None:
        """Send what is queued, at most 30 s, and disconnect."""
        self._producer.close(timeout=30)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, assigned: Callable[[Any], None], revoked: Callable[[Any], None]) -> None:
        self._assigned, self._revoked = assigned, revoked

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._assigned(assigned)

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._revoked(revoked)


class OffsetLost(Exception):
    """The log no longer holds the offset that is due."""

    def __init__(self, partitions: dict[Partition, int]) -> None:
        super().__init__(", ".join(f"{p.topic}-{p.number}@{o}" for p, o in partitions.items()))
        self.partitions = partitions


class Consumer:
    """A member of the consumer group. Offsets live in the database, not in Kafka."""

    def __init__(
        self, bootstrap: str, *, max_poll_s: float = 300.0, session_s: float = 10.0
    ) -> None:
        """Connect. Silent for `session_s` it is taken for dead; not polling for `max_poll_s` too.

        Raises BusError where no broker answers within 10 s."""
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap,
                group_id=GROUP,
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_partition_fetch_bytes=2 * REQUEST_BYTES,
                max_poll_interval_ms=int(max_poll_s * 1000),
                session_timeout_ms=int(session_s * 1000),
                heartbeat_interval_ms=int(session_s * 200),
                fetch_max_wait_ms=100,
                bootstrap_timeout_ms=10_000,
                allow_auto_create_topics=False,
            )
        except KafkaError as error:
            raise silent(bootstrap) from error
        self._topic_ids: dict[str, UUID] = {}
        # Where the next record of each partition will be read.
        self._reached: dict[TopicPartition, int] = {}
        self._heard = time.monotonic()

    @property
    def cluster_id(self) -> str:
        """Kafka's id of the cluster."""
        return str(self._consumer._client.cluster.cluster_id)

    def subscribe(
        self,
        topics: Sequence[str],
        assigned: Callable[[list[Partition]], dict[Partition, int | None]],
        revoked: Callable[[list[Partition]], None],
    ) -> None:
        """Join the group. `assigned` says from which offset each partition is read; None: paused.

        Both run inside poll and must return within the session time-out (10 s).
        """

        def on_assigned(raw: Iterable[TopicPartition]) -> None:
            partitions = {self._partition(item): item for item in raw}
            for partition, offset in assigned(sorted(partitions)).items():
                # A position is needed even where nothing is read.
                self.seek(partition, offset or 0)
                if offset is None:
                    self._consumer.pause(partitions[partition])

        def on_revoked(raw: Iterable[TopicPartition]) -> None:
            for where in raw:
                self._reached.pop(where, None)
            revoked(sorted(self._partition(item) for item in raw))

        self._learn_topic_ids(topics)
        self._consumer.subscribe(topics=list(topics), listener=_Listener(on_assigned, on_revoked))

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        """Records by partition, in order within each; empty when none came in time.

        Raises OffsetLost where the log was truncated under a partition, BusUnavailable while the
        broker is away, BusError for the rest.
        """
        try:
            polled = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except OffsetOutOfRangeError as error:
            lost = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
            raise OffsetLost({self._partition(k): int(v) for k, v in lost.items()}) from error
        except KafkaError as error:
            raise _failed("Kafka", error) from error
        self._listen(bool(polled))
        self._reached |= {where: items[-1].offset + 1 for where, items in polled.items() if items}
        return [
            _record(self._partition(where), item)
            for where, items in polled.items()
            for item in items
        ]

    def _listen(self, heard: bool) -> None:
        """Raise BusUnavailable after some seconds without a broker: the client itself is silent."""
        client = self._consumer._client
        if heard or any(client.connected(broker.node_id) for broker in client.cluster.brokers()):
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > _SILENCE_S:
            raise BusUnavailable("Kafka: no broker answers")

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from here next."""
        where = TopicPartition(partition.topic, partition.number)
        self._consumer.seek(where, offset)
        self._reached[where] = offset

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Stop reading these; membership goes on."""
        self._consumer.pause(*(TopicPartition(p.topic, p.number) for p in partitions))

    def lag(self) -> dict[str, int]:
        """By topic, the records not polled yet of the partitions read here, as last heard."""
        found: dict[str, int] = {}
        for where in self._consumer.assignment():
            # Asking the client for its position may wait for the broker.
            end, reached = self._consumer.highwater(where), self._reached.get(where)
            if end is not None and reached is not None:
                found[where.topic] = found.get(where.topic, 0) + max(0, end - reached)
        return found

    def oldest(self, partition: Partition) -> int:
        """The first offset the log still holds. Raises BusError."""
        where = TopicPartition(partition.topic, partition.number)
        try:
            return int(self._consumer.beginning_offsets([where])[where])
        except KafkaError as error:
            raise _failed("Kafka does not tell where a topic begins", error) from error

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close(autocommit=False, timeout_ms=5_000)

    def _learn_topic_ids(self, topics: Iterable[str]) -> None:
        """Before the first assignment, whose callback may not wait for metadata."""
        for topic in topics:
            self._consumer.topics()
            if self._topic_id(topic) is None:
                raise BusError(f"Kafka knows no topic {topic}, or is older than 2.8.")

    def _topic_id(self, topic: str) -> UUID | None:
        """The newest id metadata told; between two answers it may be silent on a topic."""
        told = self._consumer._client.cluster.topic_id(topic)
        if told is not None:
            self._topic_ids[topic] = told
        return self._topic_ids.get(topic)

    def _partition(self, raw: TopicPartition) -> Partition:
        topic_id = self._topic_id(raw.topic)
        if topic_id is None:
            raise BusError(f"Kafka gave no id for topic {raw.topic}.")
        return Partition(raw.topic, topic_id, raw.partition)


def _record(partition: Partition, item: Any) -> Record:
    headers = tuple((key, value or b"") for key, value in item.headers)
    taken = datetime.fromtimestamp(item.timestamp / 1000, UTC)
    first = first_seen(headers, taken)
    return Record(
        partition, item.offset, item.key, item.value, headers, first or taken, first is not None
    )


def _failed(what: str, error: KafkaError) -> BusError:
    """Of the kind that says whether trying again may help."""
    kind = BusUnavailable if error.retriable else BusError
    return kind(f"{what}: {error}")


def silent(bootstrap: str) -> BusError:
    """No broker answers there."""
    return BusError(
        f"No Kafka answers at {bootstrap}; `tocsin up` starts one, or set TOCSIN_KAFKA_BOOTSTRAP."
    )
