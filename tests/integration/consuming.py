"""A consumer at work in a thread, and what is sent to it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from pipeline.bus import Consumer, Producer
from pipeline.consumer import Hooks, Worker
from pipeline.joining import Joiner
from pipeline.messages import RAW_TOPIC, RawArticle, encode
from pipeline.scoring import Scorer
from pipeline.store import catalog
from pipeline.store.connection import Connection, connect
from pipeline.store.ingest import IngestStore
from tests.integration.ingest.batches import COUNTED, ISSUERS, SCORER

# topic, key, payload
Message = tuple[str, str, bytes]

OUTCOMES = (
    "SELECT sum(scored), sum(copy), sum(unchanged), sum(unscored), sum(dead) FROM ingest_batch"
)


@contextmanager
def working(
    bootstrap: str,
    url: str,
    hooks: Hooks | None = None,
    scorer: Scorer = SCORER,
    *,
    max_poll_s: float = 300.0,
    owner: str = "worker",
) -> Iterator[Worker]:
    """A consumer that works in a thread of its own until the context ends."""
    stop = threading.Event()
    consumer = Consumer(bootstrap, session_s=6, max_poll_s=max_poll_s)

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(url, "ingest")
        return link, IngestStore(link, consumer.cluster_id, owner)

    link, _ = open_store()
    catalog.put_issuers(link, ISSUERS)
    catalog.register_model(link, SCORER.model_id, SCORER.weights_digest, {})
    link.close()
    hooks = replace(hooks or Hooks(), join=Joiner().join)
    worker = Worker(consumer, open_store, scorer, COUNTED, hooks, batch_size=16)
    thread = threading.Thread(target=worker.run, args=(stop.is_set,))
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(30)
        worker.close()


def wait_until(
    done: Callable[[], bool], otherwise: str = "it did not come to that", patience_s: float = 40
) -> None:
    """Return as soon as it is done; fail with a sentence when it takes longer than that."""
    deadline = time.monotonic() + patience_s
    while not done():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def publish(bootstrap: str, articles: Sequence[RawArticle]) -> None:
    """Send articles, each acknowledged."""
    send(bootstrap, [(RAW_TOPIC, item.article_id, encode(item)) for item in articles])


def send(bootstrap: str, messages: Sequence[Message]) -> None:
    """Send messages; all are acknowledged when it returns."""
    producer = Producer(bootstrap)
    sent = [producer.send(*message) for message in messages]
    for one in sent:
        one.result(timeout=60)
    producer.close()
