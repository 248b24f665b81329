"""The fake producer and the real one keep the same promises."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.bus import BusError, Consumer, Producer
from pipeline.messages import MAX_MESSAGE_BYTES, RAW_TOPIC
from pipeline.records import Partition
from pipeline.topics import Unread, end_offsets, ensure_topics, unread
from tests.fixtures.fake_bus import FakeProducer


class ProducerContract:
    """The promises of pipeline.bus.Sender."""

    def test_a_message_is_acknowledged_with_its_place(
        self, producer: Producer | FakeProducer
    ) -> None:
        key = uuid4().hex
        first, second = (
            producer.send(RAW_TOPIC, key, payload).result(timeout=20) for payload in (b"1", b"2")
        )
        assert (first.topic, first.partition) == (RAW_TOPIC, second.partition)
        assert second.offset == first.offset + 1

    def test_flush_returns_when_everything_is_acknowledged(
        self, producer: Producer | FakeProducer
    ) -> None:
        futures = [producer.send(RAW_TOPIC, uuid4().hex, b"x") for _ in range(50)]
        producer.flush(20)
        assert all(future.done() for future in futures)

    def test_the_largest_message_is_taken(self, producer: Producer | FakeProducer) -> None:
        future = producer.send(RAW_TOPIC, uuid4().hex, b"x" * MAX_MESSAGE_BYTES)
        assert future.result(timeout=20).topic == RAW_TOPIC

    def test_a_larger_one_fails_in_its_future(self, producer: Producer | FakeProducer) -> None:
        future = producer.send(RAW_TOPIC, uuid4().hex, b"x" * (MAX_MESSAGE_BYTES + 100_000))
        with pytest.raises(BusError, match=RAW_TOPIC):
            future.result(timeout=20)


class TestFakeProducer(ProducerContract):
    @pytest.fixture
    def producer(self) -> FakeProducer:
        return FakeProducer()


@pytest.mark.slow
class TestProducer(ProducerContract):
    @pytest.fixture
    def producer(self, kafka: str) -> Iterator[Producer]:
        ensure_topics(kafka, partitions=3)
        producer = Producer(kafka)
        yield producer
        producer.close()

    def test_topics_can_be_ensured_twice(self, kafka: str) -> None:
        ensure_topics(kafka, partitions=3)
        ensure_topics(kafka, partitions=12)
        assert len(end_offsets(kafka, RAW_TOPIC)) == 3

    def test_ends_grow_by_what_was_sent(self, kafka: str, producer: Producer) -> None:
        before = end_offsets(kafka, RAW_TOPIC)
        place = producer.send(RAW_TOPIC, "key", b"x").result(timeout=20)
        after = end_offsets(kafka, RAW_TOPIC)
        assert after[place.partition] == before[place.partition] + 1


@pytest.mark.slow
def test_no_broker_is_said_in_one_sentence() -> None:
    with pytest.raises(BusError, match=r"No Kafka answers at 127\.0\.0\.1:1; `tocsin up`"):
        Producer("127.0.0.1:1")


@pytest.mark.slow
def test_what_is_not_polled_yet_is_the_lag(kafka: str) -> None:
    ensure_topics(kafka, partitions=3)
    ends = end_offsets(kafka, RAW_TOPIC)
    producer = Producer(kafka)
    for _ in range(5):
        producer.send(RAW_TOPIC, "one key", b"x").result(timeout=20)
    producer.close()
    consumer = Consumer(kafka)
    topic_ids: list[UUID] = []

    def assigned(found: list[Partition]) -> dict[Partition, int | None]:
        topic_ids.append(found[0].topic_id)
        return {one: ends[one.number] for one in found}

    consumer.subscribe([RAW_TOPIC], assigned, lambda _: None)
    polled = 0
    for _ in range(60):
        polled += len(consumer.poll(0.5, 2))
        if polled:
            break
    assert consumer.lag() == {RAW_TOPIC: 5 - polled}
    for where, end in ends.items():
        consumer.seek(Partition(RAW_TOPIC, topic_ids[0], where), end)
    assert consumer.lag() == {RAW_TOPIC: 5}
    consumer.close()


@pytest.mark.slow
def test_what_nobody_read_is_counted_with_the_age_of_the_oldest(fresh_kafka: str) -> None:
    producer = Producer(fresh_kafka)
    before = datetime.now(UTC) - timedelta(seconds=1)
    places = [producer.send(RAW_TOPIC, uuid4().hex, b"x").result(timeout=20) for _ in range(12)]
    producer.close()
    found = unread(fresh_kafka, RAW_TOPIC, {})
    assert found.records == 12
    assert found.oldest is not None
    assert before <= found.oldest <= datetime.now(UTC)
    last = places[-1]
    read = end_offsets(fresh_kafka, RAW_TOPIC)
    assert unread(fresh_kafka, RAW_TOPIC, read) == Unread(0, None)
    one = unread(fresh_kafka, RAW_TOPIC, read | {last.partition: last.offset})
    assert one.records == 1
    assert one.oldest is not None
    assert one.oldest >= found.oldest
