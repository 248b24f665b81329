"""Clocks that jump, news that is late or early, and a month that has no table yet."""

import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.integration.consuming import send, wait_until
from tests.integration.faults import victim
from tests.integration.faults.ledger import Ledger, total
from tests.integration.faults.processes import PATIENCE_S, asking, running
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, newswire, one

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_machine_whose_clock_jumps_by_days(
    seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(seed)
    send(fresh_kafka, expected.messages)
    order = victim.Order(fresh_kafka, fresh_database, wild_clock=True)
    with asking(fresh_database) as link, running(order):
        wait_until(lambda: total(link) >= len(expected.messages), "records miss", PATIENCE_S)
        ledger.check("the consumer's clock jumps by days", link, expected)


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
    ledger.note("the broker's clock jumps back and on", 8)


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
    ledger.note("late and future-dated news", 2)


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
    ledger.note("the month's table is missing at midnight", 8)
