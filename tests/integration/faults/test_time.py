"""Clocks that jump, news that is late or early, and a month that has no table yet."""

import ast
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.settings import ROOT
from tests.integration.faults.ledger import Ledger
from tests.integration.faults.processes import asking
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, newswire, one

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


# What an article goes through between Kafka and the database.
PATH = (
    *("consumer", "planning", "scoring", "records", "messages", "stories", "language", "bus"),
    *(f"store/{name}" for name in ("ingest", "stories", "signals", "fields", "rows", "copying")),
)


@pytest.mark.parametrize("module", PATH)
def test_the_machines_clock_is_asked_nothing_on_the_way(module: str) -> None:
    """It may jump: only Kafka's time counts, and time.monotonic for waiting."""
    tree = ast.parse((ROOT / "pipeline" / f"{module}.py").read_text("utf-8"))
    asked = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not asked & {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow"}
    assert not asked & {"date.today", "datetime.today"}


def test_a_broker_whose_clock_jumps_back_keeps_what_came_first_first(
    fresh_database: str, ledger: Ledger
) -> None:
    """Kafka's time is when something was seen; within a partition it may go backwards."""
    articles = newswire("background", 4)
    days = (0, -2, 30, -1)
    with Writer(fresh_database) as writer:
        for article, day in zip(articles, days, strict=True):
            writer.commit(article, seen_at=world.NOW + timedelta(days=day))
        # The same news again is unchanged, whatever the clock says by now.
        for article in articles:
            assert writer.commit(article, seen_at=world.NOW - timedelta(days=9)).counts.unchanged
    seen = ask(fresh_database, "SELECT seen_at FROM revision ORDER BY kafka_offset")
    assert seen == [(world.NOW + timedelta(days=day),) for day in days]
    with asking(fresh_database) as link:
        ledger.note("the broker's clock jumps back and on", link, 8)


def test_news_published_long_ago_or_tomorrow_is_stored_when_it_was_seen(
    fresh_database: str, ledger: Ledger
) -> None:
    late, early = newswire("background", 2)
    years = timedelta(days=900)
    with Writer(fresh_database) as writer:
        for item, published in ((late, world.NOW - years), (early, world.NOW + years)):
            dated = msgspec.structs.replace(item, published_at=published)
            assert writer.commit(dated).counts.scored == 1
    assert ask(fresh_database, "SELECT occurred_at, first_seen_at FROM article ORDER BY 1") == [
        (world.NOW - years, world.NOW),
        (world.NOW, world.NOW),
    ]
    with asking(fresh_database) as link:
        ledger.note("late and future-dated news", link, 2)


def test_the_first_second_of_a_month_has_its_table_for_all_who_write_then(
    fresh_database: str, ledger: Ledger
) -> None:
    midnight = datetime(2027, 3, 1, tzinfo=UTC)
    table = "SELECT to_regclass('revision_2027_03') IS NOT NULL"
    articles = newswire("background", 8)
    failed: list[BaseException] = []

    def write(chosen: int) -> None:
        try:
            with Writer(fresh_database) as writer:
                together.wait(20)
                for article in articles[chosen::4]:
                    writer.commit(article, seen_at=midnight)
        except BaseException as error:  # told to the test below
            failed.append(error)

    assert one(fresh_database, table) is False
    together = threading.Barrier(4)
    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert one(fresh_database, table) is True
    assert one(fresh_database, "SELECT count(*) FROM article") == 8
    with asking(fresh_database) as link:
        ledger.note("the month's table is missing at midnight", link, 8)
