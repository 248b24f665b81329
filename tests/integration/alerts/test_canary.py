"""The canary: it goes the whole way on real parts, and is counted nowhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from console import canary, chain
from console.canary import Way
from console.chain import Link
from pipeline import settings
from pipeline.alerts.delivery.deliver import courier
from pipeline.alerts.run import run
from pipeline.consumer import Hooks
from pipeline.settings import ROOT
from pipeline.store import delivery as store
from pipeline.store import following
from pipeline.store.connection import connect, transaction
from tests.fixtures.services import Slack, serving
from tests.integration.consuming import wait_until, working

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
TEST_CHANNEL = {"channel": "slack", "to": {"url": "TEST"}, "canary": True, "alerts": False}
# Whatever would count an article, a story or a record.
COUNTED = (
    *("article", "revision", "score", "mention", "story", "story_key", "uncompared", "publisher"),
    *("series", "story_signal", "bucket", "bucket_change", "alert", "dead_letter"),
)


def crawl(home: Path, kafka: str) -> subprocess.CompletedProcess[str]:
    """`tocsin crawl` as the DAG runs it, with no source but the built-in one."""
    (home / "sources").mkdir(exist_ok=True)
    own = {"HOME": home, "SOURCES": home / "sources", "KAFKA_BOOTSTRAP": kafka}
    return subprocess.run(
        [sys.executable, "-c", "from pipeline.cli.main import main; main()", "crawl"],
        cwd=ROOT,
        env={**os.environ, **{f"TOCSIN_{name}": str(value) for name, value in own.items()}},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as link, link, link.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def way(url: str, at: datetime) -> Way | None:
    with closing(connect(url, "console")) as link, transaction(link) as cursor:
        return canary.way(cursor, at)


def links(url: str, at: datetime) -> list[Link]:
    return chain._canary(way(url, at), at)


@pytest.fixture
def channel(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A test channel for the canary."""
    with serving(Slack(datetime.now(UTC))) as service:
        assert isinstance(service, Slack)
        monkeypatch.setenv("TOCSIN_SECRET_TEST", service.url)
        with closing(connect(fresh_database, "console")) as link:
            store.put_recipients(link, {"test-channel": TEST_CHANNEL})
        yield service


def test_it_goes_the_whole_way_and_is_counted_nowhere(
    fresh_kafka: str, fresh_database: str, channel: Slack, tmp_path: Path
) -> None:
    url, woken = fresh_database, []
    before = {table: ask(url, f"SELECT count(*) FROM {table}") for table in COUNTED}  # noqa: S608
    assert links(url, datetime.now(UTC))[0].ok is None
    first, second = (crawl(tmp_path, fresh_kafka) for _ in range(2))
    assert (first.returncode, "canary" in first.stdout) == (0, True)
    assert "No source is due." in second.stdout
    with working(fresh_kafka, url, Hooks(wake=lambda: woken.append(1))):
        wait_until(lambda: bool(ask(url, "SELECT 1 FROM canary")))
        wait_until(lambda: bool(ask(url, "SELECT 1 FROM crawl_run WHERE source_id = 'canary'")))
    assert woken
    with closing(connect(url, "alerts")) as link:
        now = datetime.now(UTC)
        run(link, now)
        run(link, now + MINUTE, now + MINUTE)
        conf = replace(
            settings.load({}),
            outside_database=url,
            notify_allow_origins=frozenset({channel.origin}),
        )
        courier(link, conf).run(datetime.now(UTC) + MINUTE)
    (request,) = channel.requests
    assert "Tocsin: canary of " in channel.show(request).text
    now = datetime.now(UTC)
    told = links(url, now)
    assert [(link.name, link.ok) for link in told] == [
        ("canary at crawl", True),
        ("canary at consumer", True),
        ("canary at alerts", True),
        ("canary at delivery", True),
    ]
    assert all(" s, 0 min ago" in link.sentence for link in told)
    found = way(url, now)
    assert found is not None
    assert all(leg.took is not None and leg.took >= timedelta() for leg in found.legs)
    assert {t: ask(url, f"SELECT count(*) FROM {t}") for t in COUNTED} == before  # noqa: S608
    # Its record was read, and is none of those that are counted.
    assert ask(url, "SELECT sum(records), sum(next_offset - first_offset) FROM ingest_batch") == [
        (0, 2)
    ]
    with closing(connect(url, "console")) as link:
        flow = following.flow(link)
        assert (flow.published, flow.counts.records) == (0, 0)


def put(url: str, at: datetime, p_negative: float = 0.9) -> None:
    """One that the consumer stored a moment after it was fetched."""
    moment = at + timedelta(seconds=1)
    ask(
        url,
        "INSERT INTO canary VALUES (gen_random_uuid(), %s, %s, %s, 'm', %s)",
        at,
        moment,
        moment,
        p_negative,
    )


def visit(url: str, at: datetime, published: int = 1) -> None:
    ask(
        url,
        "INSERT INTO crawl_run VALUES (gen_random_uuid(), 'canary', %s, %s, 3, 0, %s, 0, 'ok',"
        " NULL, 24)",
        at - timedelta(seconds=2),
        at + timedelta(seconds=2),
        published,
    )


def stopped(url: str, at: datetime) -> str | None:
    return next((link.name for link in links(url, at) if link.ok is False), None)


def test_where_it_stopped_is_named_after_fifteen_minutes(fresh_database: str) -> None:
    url, now = fresh_database, datetime.now(UTC)
    visit(url, now)
    assert stopped(url, now + 14 * MINUTE) is None
    assert stopped(url, now + 16 * MINUTE) == "canary at consumer"
    put(url, now)
    assert stopped(url, now + 14 * MINUTE) is None
    assert stopped(url, now + 16 * MINUTE) == "canary at alerts"
    with closing(connect(url, "alerts")) as link:
        run(link, now + 2 * MINUTE, now + 2 * MINUTE)
        assert stopped(url, now + 16 * MINUTE) is None
        assert "no recipient has `canary = true`" in links(url, now + 16 * MINUTE)[-1].sentence
    with closing(connect(url, "console")) as link:
        store.put_recipients(link, {"test-channel": TEST_CHANNEL})
    assert stopped(url, now + 18 * MINUTE) == "canary at delivery"
    assert stopped(url, now + 80 * MINUTE) == "canary at crawl"


def test_one_that_came_through_says_nothing_of_the_next(fresh_database: str) -> None:
    url, now = fresh_database, datetime.now(UTC)
    visit(url, now)
    put(url, now)
    visit(url, now + 60 * MINUTE)
    assert [link.ok for link in links(url, now + 61 * MINUTE)][:2] == [None, None]
    assert stopped(url, now + 76 * MINUTE) == "canary at consumer"


def test_visits_that_never_publish_it_break_the_crawl(fresh_database: str) -> None:
    url, now = fresh_database, datetime.now(UTC)
    for minutes in range(0, 80, 2):
        visit(url, now + minutes * MINUTE, published=0)
    assert stopped(url, now + 60 * MINUTE) is None
    assert stopped(url, now + 80 * MINUTE) == "canary at crawl"


def test_a_model_that_does_not_find_it_negative_is_found_out(
    fresh_database: str, channel: Slack
) -> None:
    url, now = fresh_database, datetime.now(UTC)
    put(url, now, p_negative=0.2)
    with closing(connect(url, "alerts")) as link:
        run(link, now + MINUTE, now + MINUTE)
    assert stopped(url, now + 20 * MINUTE) == "canary at alerts"
    assert ask(url, "SELECT 1 FROM delivery") == []
