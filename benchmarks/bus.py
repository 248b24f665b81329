"""How many messages of 2 KB Kafka takes and gives for a second of a core: prints one JSON line.

    python benchmarks/bus.py [--messages 60000] [--rounds 5]

Out is reading, decoding and validating; in is encoding and sending, acknowledged by the broker. The
time is that of this process alone (its threads added up), so that the broker's does not count.
Beside reading stands the ordinary way: one message after the other from kafka-python, `json.loads`,
and `jsonschema` with the schema that we publish. Both take turns over the same messages; the ratio
is the median of those of single rounds.
"""

import argparse
import json
import statistics
import time
from typing import Any

from jsonschema import Draft202012Validator
from kafka import KafkaConsumer, TopicPartition
from servers import Servers, articles, servers

from pipeline import settings
from pipeline.bus import Consumer, Producer
from pipeline.entities.lists import read_issuers
from pipeline.messages import RAW_TOPIC, decode, encode, json_schema
from pipeline.records import Partition
from pipeline.topics import end_offsets

# Of the ordinary way, which is slow.
FEW = 4_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    news = articles(2_000, read_issuers(settings.load().issuer_files))
    size = statistics.mean(len(encode(item)) for item in news)
    with servers() as parts:
        producer = Producer(parts.bootstrap)
        before = time.process_time()
        for number in range(given.messages):
            item = news[number % len(news)]
            producer.send(RAW_TOPIC, item.article_id, encode(item))
        producer.flush(120)
        sent = given.messages / (time.process_time() - before)
        producer.close()
        assert sum(end_offsets(parts.bootstrap, RAW_TOPIC).values()) == given.messages
        ours, plain = [], []
        for _ in range(given.rounds):
            ours.append(_read(parts, given.messages))
            plain.append(_ordinary(parts))
    ratios = [a / b for a, b in zip(ours, plain, strict=True)]
    figures = {
        "bytes_a_message": round(size),
        "out_a_core_second": round(statistics.median(ours)),
        "in_a_core_second": round(sent),
        "times_ordinary": round(statistics.median(ratios), 1),
    }
    print(json.dumps(figures))


def _read(parts: Servers, messages: int) -> float:
    """Messages read, decoded and validated a core-second, as the consumer reads them."""
    consumer = Consumer(parts.bootstrap)

    def assigned(partitions: list[Partition]) -> dict[Partition, int | None]:
        return dict.fromkeys(partitions, 0)

    consumer.subscribe([RAW_TOPIC], assigned, lambda _: None)
    while not (records := consumer.poll(1, 500)):
        pass
    read, before = 0, time.process_time()
    while read < messages - 500:
        for record in records:
            decode(RAW_TOPIC, record.value)
        read += len(records)
        records = consumer.poll(1, 500)
    rate = read / (time.process_time() - before)
    consumer.close()
    return rate


def _ordinary(parts: Servers) -> float:
    schema: Any = Draft202012Validator(json_schema(RAW_TOPIC))
    consumer = KafkaConsumer(bootstrap_servers=parts.bootstrap, enable_auto_commit=False)
    where = [TopicPartition(RAW_TOPIC, n) for n in consumer.partitions_for_topic(RAW_TOPIC)]
    consumer.assign(where)
    consumer.seek_to_beginning()
    next(consumer)
    before = time.process_time()
    for _ in range(FEW):
        schema.validate(json.loads(next(consumer).value))
    rate = FEW / (time.process_time() - before)
    consumer.close()
    return rate


if __name__ == "__main__":
    main()
