"""Wires cut at the worst moment: within a commit, and between a message and its ack."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import ops.kafka
from models.runtime.stub import StubRuntime
from ops import jars
from ops.kafka import Kafka
from ops.probe import free_port
from pipeline import settings
from pipeline.bus import Producer
from pipeline.consumer import Hooks
from pipeline.metrics import Metrics
from pipeline.topics import ensure_topics
from tests.integration.consuming import send, wait_until, working
from tests.integration.faults.ledger import Ledger, total
from tests.integration.faults.processes import asking
from tests.integration.faults.proxy import Proxy, proxy
from tests.integration.ingest import world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("lost", ["commit", "answer"])
def test_a_connection_dropped_within_a_commit(
    lost: str, seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(seed)
    send(fresh_kafka, expected.messages)
    url, port = fresh_database, urlsplit(fresh_database).port or 0
    # Two threads ask: one connection each.
    with proxy(port) as wire, asking(url) as link, asking(url) as watching:
        commits = 0

        def drop(at: str) -> None:
            nonlocal commits
            commits += at == "before_commit"
            if at != "before_commit" or commits != 1 + seed % 3:
                return
            if lost == "commit":
                wire.to("shut")
            else:
                before = total(link)
                wire.to("deaf")
                threading.Thread(target=_shut_behind_a_commit, args=(wire, url, before)).start()

        hooks = Hooks(checkpoint=drop, sleep=lambda _: wire.to("open"))
        wired = fresh_database.replace(f":{port}/", f":{wire.port}/")
        with working(fresh_kafka, wired, hooks):
            ledger.check(f"connection dropped: the {lost} is lost", watching, expected)
        assert commits > 1 + seed % 3


def _shut_behind_a_commit(wire: Proxy, url: str, before: int) -> None:
    """Let the commit do its work, and cut the wire that would have told of it."""
    with asking(url) as link:
        wait_until(lambda: total(link) > before, "the commit did not arrive")
    wire.to("shut")


def test_a_broker_that_restarts_before_it_could_acknowledge(
    fresh_database: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = world.build(0)
    with _a_broker(monkeypatch) as (broker, wire, data), asking(fresh_database) as link:
        bootstrap = f"127.0.0.1:{wire.port}"
        ensure_topics(bootstrap, partitions=6)
        producer = Producer(bootstrap)
        # The last one is for another topic: the producer must have heard of both before.
        first, rest = expected.messages[-20:], expected.messages[:-20]
        for message in first:
            producer.send(*message).result(timeout=20)
        metrics = Metrics(StubRuntime())
        with working(bootstrap, fresh_database, Hooks(watch=metrics)):
            wait_until(lambda: total(link) >= len(first), "records are missing")
            stored = _size(data)
            wire.to("deaf")
            unheard = [producer.send(*message) for message in rest]
            wait_until(lambda: _size(data) > stored, "nothing was written")
            assert not any(sent.done() for sent in unheard)
            broker.stop()
            wire.to("shut")
            # It says so, and goes on saying so.
            wait_until(lambda: metrics.health()[1]["state"] == "waiting")
            time.sleep(4)
            assert metrics.health()[1]["state"] == "waiting"
            broker.start()
            wire.to("open")
            wait_until(broker.ready, "the broker does not come back", 60)
            for sent in unheard:
                sent.result(timeout=60)
            producer.close()
            ledger.check("a broker restarts before its ack", link, expected)
            wait_until(lambda: metrics.health()[0], "it still says that Kafka is away")


@contextmanager
def _a_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Kafka, Proxy, Path]]:
    """A broker that sends its clients through a wire, and where it keeps its log."""
    libs = jars.fetch(settings.load().cache)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as folder, proxy(port) as wire:
        told = "advertised.listeners=PLAINTEXT://127.0.0.1:"
        wired = ops.kafka.PROPERTIES.replace(f"{told}{{port}}", f"{told}{wire.port}")
        assert wired != ops.kafka.PROPERTIES
        monkeypatch.setattr(ops.kafka, "PROPERTIES", wired)
        broker = Kafka(Path(folder), port, libs)
        broker.start()
        try:
            wait_until(broker.ready, "the broker does not start", 60)
            yield broker, wire, Path(folder) / "kafka" / "data"
        finally:
            broker.stop()


def _size(data: Path) -> int:
    """Bytes of the news in a broker's log."""
    return sum(file.stat().st_size for file in data.glob("news.raw.v1-*/*.log"))
