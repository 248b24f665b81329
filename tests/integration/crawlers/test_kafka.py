"""The same crawl into a real Kafka: acknowledged, readable, once."""

from collections import Counter

import pytest
from kafka import KafkaConsumer, TopicPartition

from demo.newswire.messages import raw_articles
from pipeline.messages import RAW_TOPIC, RUNS_TOPIC, CrawlRun, RawArticle, decode
from tests.integration.crawlers.world import World

pytestmark = pytest.mark.slow


def read_all(bootstrap: str, topic: str) -> list[tuple[str, bytes]]:
    """Key and value of every record there is."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=5_000)
    parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    left = sum(consumer.end_offsets(parts).values())
    found = []
    while len(found) < left:
        for records in consumer.poll(timeout_ms=2_000).values():
            found += [(record.key.decode(), record.value) for record in records]
    consumer.close()
    return found


def test_a_crawl_lands_in_kafka_and_a_second_adds_only_its_run(
    world: World, fresh_kafka: str
) -> None:
    first = world.crawl(kafka=fresh_kafka, source_ids=["jinqiao-wang"])
    second = world.crawl(kafka=fresh_kafka, source_ids=["jinqiao-wang"])
    own = world.newswire.origins["jinqiao-wang"]
    articles: list[RawArticle] = [
        article
        for key, value in read_all(fresh_kafka, RAW_TOPIC)
        if (article := decode(RAW_TOPIC, value)).url.startswith(own) and key == article.article_id
    ]
    written = raw_articles(world.newswire.zero, world.now, world.newswire.ports)
    faults = [fault for fault in world.newswire.faults if fault.entry.url.startswith(own)]
    expected = [item.url for item in written if item.source_id == "jinqiao-wang"]
    expected += [fault.entry.url for fault in faults if not fault.refused]
    assert Counter(item.url for item in articles) == Counter(expected)
    runs: list[CrawlRun] = [
        decode(RUNS_TOPIC, value) for _, value in read_all(fresh_kafka, RUNS_TOPIC)
    ]
    told = [run for run in runs if run.source_id == "jinqiao-wang"]
    assert told[-2:] == [first.runs["jinqiao-wang"], second.runs["jinqiao-wang"]]
    assert told[-1].published == 0
