"""From Kafka to the row: how many articles a second, and how late each is. Prints one JSON line.

    python benchmarks/path.py [--articles 1500] [--batch 64] [--device cpu]

In turns, the same articles go to the classifier alone (as the consumer asks it, sentences and
entities included) and the whole path: read from Kafka, scored, linked, put into stories, written
to PostgreSQL, which runs with Kafka on the same cores. `of_the_engine` is the median of ratios of
single rounds. Then articles come at half the path's rate, and what passes between Kafka's timestamp
and the commit is told.
"""

import argparse
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import psycopg2
from servers import PUBLISHER, Servers, servers
from texts import newswire

from models.runtime.loading import load_runtime
from models.runtime.protocol import Runtime
from pipeline import settings
from pipeline.bus import Consumer, Producer
from pipeline.consumer import Hooks, Worker
from pipeline.entities.issuers import Issuer
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.messages import RAW_TOPIC, RawArticle, article_id, encode
from pipeline.scoring import Scorer
from pipeline.store import catalog
from pipeline.store.connection import Connection, connect
from pipeline.store.ingest import IngestStore

ROUNDS = 3
# Seconds of the run at half load.
STEADY_S = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_500, help="of each round")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", choices=["cpu", "cuda", "stub"], default="cpu")
    given = parser.parse_args()
    conf = settings.load()
    issuers = read_issuers(conf.issuer_files)
    runtime = load_runtime(given.device, conf.model_dir, conf.cache / "base")
    scorer = Scorer(runtime, Linker(issuers))
    engine, whole = [], []
    with servers() as parts, working(parts, runtime, scorer, issuers, given.batch) as work:
        for number in range(ROUNDS):
            news = mixed_news(given.articles, number)
            engine.append(given.articles / _alone(scorer, news, given.batch))
            whole.append(given.articles / work.through(news))
        rate = statistics.median(whole) / 2
        late = work.trickled(mixed_news(int(rate * STEADY_S), ROUNDS), rate)
    ratios = [path / alone for path, alone in zip(whole, engine, strict=True)]
    figures = {
        "model": runtime.model_id,
        "articles_a_second": round(statistics.median(whole), 1),
        "engine_alone": round(statistics.median(engine), 1),
        "of_the_engine": round(statistics.median(ratios), 2),
        "half_load": round(rate, 1),
        "late_p50_s": round(float(np.quantile(late, 0.5)), 3),
        "late_p99_s": round(float(np.quantile(late, 0.99)), 3),
    }
    print(json.dumps(figures))


def _alone(scorer: Scorer, news: list[RawArticle], batch: int) -> float:
    began = time.perf_counter()
    for start in range(0, len(news), batch):
        scorer.score(news[start : start + batch])
    return time.perf_counter() - began


def mixed_news(count: int, seed: int) -> list[RawArticle]:
    """Articles mixed of the paragraphs of one thread of the sample newswire, no two alike."""
    rng = random.Random(seed)
    threads: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for lang, one in newswire():
        threads.setdefault((lang, one["thread"]), []).append(one)
    pools = list(threads.values())
    base = RawArticle(
        article_id="0" * 32,
        url="",
        source_id=PUBLISHER.publisher_id,
        publisher=PUBLISHER,
        title="",
        body="",
        published_at=None,
        fetched_at=datetime.now(UTC),
    )
    found = []
    for number in range(count):
        pool = rng.choice(pools)
        url = f"https://ledger.example/{seed}/{number}"
        paragraphs = [text for one in rng.sample(pool, min(3, len(pool))) for text in one["body"]]
        rng.shuffle(paragraphs)
        title = f"{rng.choice(pool)['title']} ({seed}/{number})"
        found.append(
            msgspec.structs.replace(
                base, article_id=article_id(url), url=url, title=title, body="\n".join(paragraphs)
            )
        )
    return found


class Work:
    """A consumer at work."""

    def __init__(self, parts: Servers, worker: Worker, commits: list[float]) -> None:
        self._parts, self._worker, self._commits = parts, worker, commits
        self._sent = 0

    def through(self, news: list[RawArticle]) -> float:
        """Seconds until all of it is in the database, Kafka's share of the cores included."""
        began = time.perf_counter()
        self.send(news, 0)
        self._wait()
        return time.perf_counter() - began

    def trickled(self, news: list[RawArticle], rate: float) -> list[float]:
        """Seconds from Kafka's timestamp to the commit, article by article."""
        first = self._sent
        self.send(news, rate)
        self._wait()
        return self._lateness()[first:]

    def send(self, news: list[RawArticle], rate: float) -> None:
        """Put news into Kafka, at a rate a second; at 0 as fast as it goes."""
        producer = Producer(self._parts.bootstrap)
        began = time.perf_counter()
        for number, item in enumerate(news):
            if rate:
                time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            producer.send(RAW_TOPIC, item.article_id, encode(item))
        producer.flush(60)
        producer.close()
        self._sent += len(news)

    def read(self) -> int:
        """Articles that have an outcome."""
        return self._worker.progress.counts.records

    def left(self) -> int:
        """Articles that were sent and have none yet."""
        return self._sent - self.read()

    def _wait(self) -> None:
        while self.left():
            time.sleep(0.02)

    def _lateness(self) -> list[float]:
        with psycopg2.connect(self._parts.database_url) as link, link.cursor() as cursor:
            cursor.execute(
                "SELECT r.seen_at, dense_rank() OVER (ORDER BY b.committed_at)"
                " FROM revision r JOIN ingest_batch b ON b.topic_id = r.topic_id"
                " AND b.partition = r.partition AND r.kafka_offset >= b.first_offset"
                " AND r.kafka_offset < b.next_offset ORDER BY r.seen_at"
            )
            rows = cursor.fetchall()
        return [self._commits[rank - 1] - seen_at.timestamp() for seen_at, rank in rows]


@contextmanager
def working(
    parts: Servers, runtime: Runtime, scorer: Scorer, issuers: list[Issuer], batch: int
) -> Iterator[Work]:
    consumer, stop = Consumer(parts.bootstrap), threading.Event()
    commits: list[float] = []

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(parts.database_url, "ingest")
        return link, IngestStore(link, consumer.cluster_id, "benchmark")

    link, _ = open_store()
    catalog.put_issuers(link, issuers)
    catalog.register_model(link, runtime.model_id, runtime.weights_digest, {})
    link.close()
    counted = frozenset(item.entity_id for item in issuers if item.kind == "issuer")

    def noted(at: str) -> None:
        if at == "after_commit":
            commits.append(time.time())

    worker = Worker(consumer, open_store, scorer, counted, Hooks(checkpoint=noted), batch)
    thread = threading.Thread(target=worker.run, args=(stop.is_set,))
    thread.start()
    try:
        yield Work(parts, worker, commits)
    finally:
        stop.set()
        thread.join(60)
        worker.close()


if __name__ == "__main__":
    main()
