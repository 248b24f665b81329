"""What was watched is read from the articles and the crawlers' visits."""

from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from pipeline.alerts.gathering import coverage_of
from pipeline.store.connection import connect, transaction
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = int(NOON.timestamp()) // 3600


def visit(world: World, back: timedelta, status: str = "ok") -> None:
    world.ask(
        "INSERT INTO crawl_run VALUES (%s, 'wire', %s, %s, 1, 0, 1, 0, %s, NULL, 1)"
        " RETURNING run_id",
        str(uuid4()),
        NOON - back,
        NOON - back,
        status,
    )


def shares(world: World, *hours_back: int) -> list[float]:
    link = connect(world.url, "alerts")
    try:
        with transaction(link) as cursor:
            coverage = coverage_of(cursor, NOON - 30 * DAY, NOON)
    finally:
        link.close()
    return coverage.shares(NOW - np.array(hours_back)).tolist()


def test_hours_without_a_successful_visit_were_not_watched(world: World) -> None:
    world.add(world.burst(20, NOON - 205 * HOUR, 10 * 24 * 60))
    world.add(world.burst(5, NOON - HOUR, 19 * 60))
    world.ask("UPDATE article SET source_id = 'wire' RETURNING 1")
    for back in (*range(240, 200, -1), *range(20, 0, -1)):
        visit(world, back * HOUR)
    for back in range(199, 21, -1):
        visit(world, back * HOUR, "failed")
    try:
        # Before the first visit, during the first ones, in the hole, reached by a later visit, now.
        assert shares(world, 300, 220, 100, 40, 0) == [1, 1, 0, 1, 1]
    finally:
        world.ask("DELETE FROM crawl_run RETURNING 1")


def test_news_that_nobody_crawled_was_watched_throughout(world: World) -> None:
    world.add(world.burst(20, NOON - HOUR, 20 * 24 * 60))
    assert shares(world, 400, 100, 0) == [1, 1, 1]
