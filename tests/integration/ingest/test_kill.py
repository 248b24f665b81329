"""A consumer killed at any named point loses nothing and doubles nothing."""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

import psycopg2
import pytest

from pipeline import settings
from pipeline.bus import Producer
from tests.integration.ingest import victim, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

OWNERS = "SELECT count(DISTINCT owner) FROM kafka_offset WHERE topic = 'news.raw.v1'"
POINTS = ("before_copy", "before_commit", "after_commit")
Message = tuple[str, str, bytes]
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.integration.ingest.victim"])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_consumer_loses_nothing_and_doubles_nothing(
    point: str, seed: int, fresh_kafka: str, fresh_database: str
) -> None:
    check(
        fresh_kafka,
        fresh_database,
        world.build(seed),
        kill_at=point,
        kill_batch=1 + seed % 3,
        batch_size=4,
    )


def test_so_does_one_that_runs_the_shipped_model(fresh_kafka: str, fresh_database: str) -> None:
    cache = settings.load().cache / "base"
    order = {"kill_at": "before_commit", "kill_batch": 1, "batch_size": 4}
    expected = world.build(0, stories=12)
    check(fresh_kafka, fresh_database, expected, **order, device="cpu", base_cache=cache)


def check(bootstrap: str, url: str, expected: world.World, **order: Any) -> None:
    """Two consumers, one of them doomed; what is stored must be what was sent."""
    doomed = victim.Order(bootstrap, url, **order)
    healthy = victim.Order(bootstrap, url, **{**order, "kill_at": None})
    with psycopg2.connect(url) as link, running(doomed) as first, running(healthy):
        link.autocommit = True
        # A machine that stands still for seconds puts the victim out of the group, and the other
        # would do all the work: nothing is sent before both own partitions, and never all at once.
        sent = 0
        with sending(bootstrap) as send:
            for part in parts(expected):
                wait_until(
                    lambda: dead(first) or ask(link, OWNERS) == 2,
                    "two consumers did not share the partitions",
                )
                sent += send(part)
                wait_until(
                    lambda sent=sent: dead(first) or total(link) >= sent, "records are missing"
                )
        wait_until(lambda: dead(first), "the victim did not die")
        assert first.exitcode == -signal.SIGKILL
        with running(healthy):
            wait_until(lambda: total(link) >= len(expected.messages), "records are missing")
        assert_whole(link, expected)


def wait_until(done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 180
    while not done():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def assert_whole(link: Any, expected: world.World) -> None:
    """Outcomes add up, every offset was read once, and the rows are those that must be there."""
    assert outcomes(link) == expected.outcomes
    assert ask(link, "SELECT count(*) FROM story WHERE merged_into IS NULL") == expected.stories
    assert ask(link, "SELECT count(*) FROM article") == expected.articles
    assert ask(link, "SELECT count(*) FROM dead_letter") == expected.outcomes["dead"]
    assert (
        ask(
            link,
            "SELECT count(*) FROM revision r WHERE NOT EXISTS (SELECT 1 FROM article a"
            " WHERE a.article_id = r.article_id AND a.current_rev >= r.rev)",
        )
        == 0
    )
    # Each batch begins where the one before it ended, from offset 0 on.
    assert (
        ask(
            link,
            "SELECT count(*) FROM (SELECT first_offset, coalesce(lag(next_offset) OVER"
            " (PARTITION BY topic_id, partition ORDER BY first_offset), 0) AS ended"
            " FROM ingest_batch) AS b WHERE first_offset <> ended",
        )
        == 0
    )
    # One signal a story and topic; copies are counted from the articles that are there.
    assert (
        ask(
            link,
            "SELECT count(*) FROM story_signal g JOIN series USING (series_id) WHERE"
            " kind = 'topic'",
        )
        == expected.stories
    )
    assert (
        ask(
            link,
            "SELECT sum(copies) FROM story_signal JOIN series USING (series_id) WHERE"
            " kind = 'topic'",
        )
        == expected.outcomes["copy"]
    )


def outcomes(link: Any) -> dict[str, int]:
    """The five counts, as the batches recorded them."""
    with link.cursor() as cursor:
        cursor.execute(
            "SELECT sum(scored), sum(copy), sum(unchanged), sum(unscored), sum(dead)"
            " FROM ingest_batch"
        )
        return dict(
            zip(
                world.build(0, 4).outcomes,
                (int(n or 0) for n in cursor.fetchone()),
                strict=True,
            )
        )


def total(link: Any) -> int:
    return sum(outcomes(link).values())


def ask(link: Any, statement: str) -> Any:
    with link.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def parts(expected: world.World) -> Iterator[list[Message]]:
    """Some batches at a time for each of two consumers."""
    for begin in range(0, len(expected.messages), 16):
        yield expected.messages[begin : begin + 16]


@contextmanager
def sending(bootstrap: str) -> Iterator[Callable[[list[Message]], int]]:
    producer = Producer(bootstrap)

    def send(messages: list[Message]) -> int:
        for topic, key, payload in messages:
            producer.send(topic, key, payload).result(timeout=20)
        return len(messages)

    yield send
    producer.close()


def dead(process: ForkServerProcess) -> bool:
    return process.exitcode is not None


def start(order: victim.Order) -> ForkServerProcess:
    process = _processes.Process(target=victim.work, args=(order,))
    process.start()
    return process


def end(process: ForkServerProcess) -> None:
    process.terminate()
    process.join(15)
    if process.is_alive():
        process.kill()
        process.join()


@contextmanager
def running(order: victim.Order) -> Iterator[ForkServerProcess]:
    process = start(order)
    try:
        yield process
    finally:
        end(process)
