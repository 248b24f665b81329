"""A log that is not what it was: truncated, or a topic made again under the same name."""

import pytest
from kafka import KafkaAdminClient, TopicPartition

from pipeline.messages import DEAD_TOPIC, RAW_TOPIC, RUNS_TOPIC
from pipeline.topics import end_offsets, ensure_topics
from tests.integration.consuming import publish, wait_until, working
from tests.integration.faults.ledger import Ledger
from tests.integration.faults.processes import asking
from tests.integration.ingest.batches import ask, newswire, one

pytestmark = pytest.mark.slow


def test_a_topic_made_again_stops_its_partitions_and_records_the_gap(
    fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    publish(fresh_kafka, newswire("background", 30))
    with working(fresh_kafka, fresh_database) as worker:
        wait_until(lambda: worker.progress.counts.records == 30)
    read = ask(
        fresh_database,
        "SELECT partition, next_offset FROM kafka_offset WHERE next_offset > 0 ORDER BY 1",
    )
    admin = KafkaAdminClient(bootstrap_servers=fresh_kafka)
    admin.delete_topics([RAW_TOPIC, DEAD_TOPIC, RUNS_TOPIC])
    admin.close()
    ensure_topics(fresh_kafka, partitions=6)
    publish(fresh_kafka, newswire("bank", 9))
    untouched = set(range(6)) - {number for number, _ in read}
    readable = sum(partition in untouched for partition in _lying(fresh_kafka))
    with working(fresh_kafka, fresh_database) as worker:
        gaps = "SELECT partition, from_offset FROM kafka_gap ORDER BY 1"
        wait_until(lambda: ask(fresh_database, gaps) == read)
        wait_until(lambda: worker.progress.counts.records == readable)
    assert one(fresh_database, "SELECT count(*) FROM article") == 30 + readable
    with asking(fresh_database) as link:
        ledger.note("a topic is made again", link, 39, gap=9 - readable)


def _lying(bootstrap: str) -> list[int]:
    """The partition of every piece of news that lies in Kafka."""
    return [number for number, end in end_offsets(bootstrap, RAW_TOPIC).items() for _ in range(end)]


def test_a_log_that_no_longer_holds_the_due_offset_is_a_gap(
    fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    publish(fresh_kafka, newswire("background", 30))
    admin = KafkaAdminClient(bootstrap_servers=fresh_kafka)
    admin.delete_records({TopicPartition(RAW_TOPIC, number): 1 for number in range(6)})
    admin.close()
    with working(fresh_kafka, fresh_database):
        wait_until(lambda: one(fresh_database, "SELECT count(*) FROM kafka_gap") == 6)
    causes = ask(fresh_database, "SELECT DISTINCT from_offset, cause FROM kafka_gap")
    assert causes == [(0, "the log no longer holds this offset")]
    assert one(fresh_database, "SELECT count(*) FROM article") == 0
    with asking(fresh_database) as link:
        ledger.note("a topic is truncated", link, 30, gap=30)
