"""The real loop over a real Kafka: outages, gaps, dead letters sent again, a dump replayed."""

import json
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient, TopicPartition

from models.mentions import Spans
from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from ops.part import Part
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from pipeline import settings
from pipeline.bus import Consumer, Producer, ensure_topics
from pipeline.cli import dlq, replay
from pipeline.consumer import Hooks, Worker
from pipeline.entities.linker import Linker
from pipeline.messages import DEAD_TOPIC, RAW_TOPIC, RUNS_TOPIC, RawArticle, encode
from pipeline.scoring import Scorer
from pipeline.store import catalog, deadletters
from pipeline.store.connection import Connection, connect
from pipeline.store.ingest import IngestStore
from sql.migrate import migrate
from tests.integration.ingest import world
from tests.integration.ingest.batches import COUNTED, ISSUERS, SCORER, ask, newswire, one

pytestmark = pytest.mark.slow

OUTCOMES = (
    "SELECT sum(scored), sum(copy), sum(unchanged), sum(unscored), sum(dead) FROM ingest_batch"
)


@contextmanager
def working(
    bootstrap: str, url: str, hooks: Hooks | None = None, scorer: Scorer = SCORER
) -> Iterator[Worker]:
    """A consumer that works in a thread of its own until the context ends."""
    stop = threading.Event()
    consumer = Consumer(bootstrap, session_s=6)

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(url, "ingest")
        return link, IngestStore(link, consumer.cluster_id, "worker")

    link, _ = open_store()
    catalog.put_issuers(link, ISSUERS)
    catalog.register_model(link, SCORER.model_id, SCORER.weights_digest, {})
    link.close()
    worker = Worker(consumer, open_store, scorer, COUNTED, hooks, batch_size=16)
    thread = threading.Thread(target=worker.run, args=(stop.is_set,))
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(30)
        worker.close()


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not done():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def publish(bootstrap: str, articles: Sequence[RawArticle]) -> None:
    producer = Producer(bootstrap)
    for item in articles:
        producer.send(RAW_TOPIC, item.article_id, encode(item)).result(timeout=20)
    producer.close()


def test_a_database_restarted_within_a_batch_loses_and_doubles_nothing(fresh_kafka: str) -> None:
    articles = newswire("background", 60)
    publish(fresh_kafka, articles)
    with a_server() as server:
        url = server.url("tocsin")
        within, back = threading.Event(), threading.Event()

        def wait(at: str) -> None:
            if at == "before_commit" and not within.is_set():
                within.set()
                assert back.wait(30)

        with working(fresh_kafka, url, Hooks(checkpoint=wait)) as worker:
            assert within.wait(20)
            server.stop()
            up(server)
            back.set()
            wait_until(lambda: worker.progress.counts.records >= 60)
        assert ask(url, OUTCOMES) == [(60, 0, 0, 0, 0)]
        assert one(url, "SELECT count(*) FROM article") == 60


@contextmanager
def a_server() -> Iterator[Postgres]:
    """A migrated server that may be stopped without anybody else noticing."""
    binaries = programs(settings.load().home)
    with tempfile.TemporaryDirectory(prefix="tocsin-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder), free_port(), binaries)
        up(server)
        migrate(server.url("tocsin"))
        try:
            yield server
        finally:
            server.stop()


def up(server: Part) -> None:
    server.start()
    wait_until(server.ready)


def test_a_topic_made_again_stops_its_partitions_and_records_the_gap(
    fresh_kafka: str, fresh_database: str
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
    with working(fresh_kafka, fresh_database):
        gaps = "SELECT partition, from_offset FROM kafka_gap ORDER BY 1"
        wait_until(lambda: ask(fresh_database, gaps) == read)
        time.sleep(1)
    untouched = set(range(6)) - {number for number, _ in read}
    assert one(fresh_database, "SELECT count(*) FROM article") == 30 + sum(
        partition in untouched for (partition,) in later(fresh_database)
    )


def later(url: str) -> list[tuple[int, ...]]:
    """Partitions of the records read from the topic as it is now."""
    return ask(
        url,
        "SELECT partition FROM revision WHERE topic_id NOT IN (SELECT topic_id FROM kafka_offset"
        " GROUP BY topic_id HAVING sum(next_offset) >= 30)",
    )


def test_a_log_that_no_longer_holds_the_due_offset_is_a_gap(
    fresh_kafka: str, fresh_database: str
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


class Broken(StubRuntime):
    """Gives no number for anything."""

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        return [Prediction((math.nan,) * 24, (math.nan,) * 3, None) for _ in texts]


@pytest.fixture
def servers(fresh_kafka: str, fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The commands find these servers; returns Kafka's."""
    monkeypatch.setenv("TOCSIN_KAFKA_BOOTSTRAP", fresh_kafka)
    monkeypatch.setenv("TOCSIN_DATABASE_URL", fresh_database)
    return fresh_kafka


BROKEN = Scorer(Broken(), Linker(ISSUERS))


def test_dead_letters_can_be_sent_again_and_again(
    servers: str,
    fresh_database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(servers, newswire("bank", 9))
    with working(servers, fresh_database, scorer=BROKEN) as worker:
        wait_until(lambda: worker.progress.counts.dead == 9)
    # As if the command had died after Kafka's ack and before it could note it.
    with monkeypatch.context() as dying:
        dying.setattr(deadletters, "mark_replayed", lambda *_: None)
        dlq.replay()
    dlq.replay()
    dlq.replay()
    assert capsys.readouterr().out.splitlines() == [
        "9 dead letters sent again.",
        "9 dead letters sent again.",
        "0 dead letters sent again.",
    ]
    with working(servers, fresh_database) as worker:
        wait_until(lambda: worker.progress.counts.records == 18)
        assert worker.progress.counts.dead == 0
    assert ask(fresh_database, OUTCOMES) == [(9, 0, 9, 0, 9)]
    # They were seen when they came first, not when they came again.
    seen = "SELECT seen_at FROM {} ORDER BY 1"
    assert ask(fresh_database, seen.format("revision")) == ask(
        fresh_database, seen.format("dead_letter")
    )
    # What may be kept of them is what was stored now.
    kept = "SELECT DISTINCT state, raw, headers FROM dead_letter"
    assert ask(fresh_database, kept) == [("replayed", None, [])]


def test_a_dead_letter_sent_again_does_not_undo_a_later_correction(
    servers: str, fresh_database: str
) -> None:
    (first,) = newswire("bank", 1)
    corrected = msgspec.structs.replace(first, title=f"Correction: {first.title}")
    publish(servers, [first])
    with working(servers, fresh_database, scorer=BROKEN) as worker:
        wait_until(lambda: worker.progress.counts.dead == 1)
    publish(servers, [corrected])
    # The correction lies before it in the log and nobody has read it yet.
    dlq.replay()
    with working(servers, fresh_database) as worker:
        wait_until(lambda: worker.progress.counts.records == 2)
    assert ask(fresh_database, OUTCOMES) == [(1, 0, 1, 0, 1)]
    assert ask(fresh_database, "SELECT title, kind FROM story") == [(corrected.title, "correction")]
    assert ask(fresh_database, "SELECT rev, title FROM revision") == [(1, corrected.title)]


def dump() -> list[str]:
    """200 lines: distinct stories, ten reprints, ten lines twice, five in German, five bad."""
    chosen = world.texts()[:170]
    stories = [
        {"title": item["title"], "body": "\n".join(item["body"]), "published_at": stamp(n)}
        for n, item in enumerate(chosen)
    ]
    copies = [{**item, "url": f"https://post.example/{n}"} for n, item in enumerate(stories[:10])]
    german = [
        {"text": f"Die Bank schließt {n} Filialen und streicht Stellen", "published_at": stamp(n)}
        for n in range(2, 7)
    ]
    good = [json.dumps(item) for item in [*stories, *copies, *stories[:10], *german]]
    hostile = json.dumps({"text": "x", "url": "http://\x1b[2J℀/", "published_at": stamp(0)})
    return [*good, "{", "[]", '{"text": "undated"}', hostile, "null"]


def stamp(number: int) -> str:
    return f"2026-11-{1 + number // 24:02}T{number % 24:02}:00:00+08:00"


def test_the_outcomes_of_a_replayed_dump_add_up(
    servers: str, fresh_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = dump()
    assert len(lines) == 200
    path = tmp_path / "dump.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with working(servers, fresh_database):
        replay.replay(path, 0.0, 40)
    said = capsys.readouterr().out
    assert "All 195 records have exactly one outcome." in said
    assert [f"line {number}:" in said for number in range(196, 201)] == [True] * 5
    assert "\x1b" not in said
    assert ask(fresh_database, OUTCOMES) == [(170, 10, 10, 5, 0)]
    assert ask(fresh_database, "SELECT DISTINCT origin FROM article") == [("replay",)]
