"""Crawls that are not done when their time is: they end, say so, and the next one goes on."""

import time
from collections.abc import Callable

import pytest

from crawlers.state import State
from tests.integration.crawlers.test_interrupted import printed
from tests.integration.crawlers.world import World, Yield

pytestmark = pytest.mark.slow

NEIGHBOURS = ["harbour-ledger", "harbour-second"]


@pytest.fixture
def neighbours(world: World) -> World:
    """Two sources of one origin, and nothing else."""
    folder = world.folder / "sources"
    text = (folder / "harbour-ledger.yml").read_text("utf-8")
    for path in folder.glob("*.yml"):
        path.unlink()
    for name in NEIGHBOURS:
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return world


def broken_off(world: World, *, how: Callable[[], Yield]) -> Yield:
    """A crawl that is broken off, with all the promises that this has to keep."""
    began = time.monotonic()
    crawl = how()
    assert time.monotonic() - began < 20
    assert (crawl.returncode, crawl.errors) == (0, "")
    assert crawl.told == crawl.runs
    # The second is told, though it was not visited, and is no less due.
    second = crawl.runs[NEIGHBOURS[1]]
    assert (second.status, second.requests) == ("failed", 0)
    assert str(second.error).startswith("not reached")
    path = world.folder / "home" / "crawl" / f"{NEIGHBOURS[1]}.sqlite"
    assert State(path).last_visit() is None
    return crawl


def test_a_crawl_ends_in_its_time_and_the_next_goes_on_at_once(neighbours: World) -> None:
    world = neighbours
    world.answers_after_s = 0.5
    first = broken_off(world, how=lambda: world.crawl(limit_s=4))
    run = first.runs[NEIGHBOURS[0]]
    assert run.status == "ok"
    assert 0 < run.published < 70
    assert run.requests < 90
    assert "its time was up" in str(run.error)
    assert "pages wait for the next visit" in str(run.error)
    world.answers_after_s = 0.0
    # No minute has passed: both are due because the first left off.
    second = world.crawl()
    assert set(second.runs) == set(NEIGHBOURS)
    own = {url for url in printed(world) if url.startswith(world.newswire.origins[NEIGHBOURS[0]])}
    assert own <= {item.url for item in first.articles + second.articles}


def test_a_crawl_that_is_told_to_stop_tells_how_far_it_came(neighbours: World) -> None:
    neighbours.answers_after_s = 0.5
    crawl = broken_off(neighbours, how=lambda: neighbours.crawl(stop_after_s=4))
    assert "told to stop" in str(crawl.runs[NEIGHBOURS[0]].error)


def test_who_was_not_visited_for_longest_comes_first(neighbours: World) -> None:
    neighbours.crawl(source_ids=NEIGHBOURS[:1])
    neighbours.minutes += 5
    neighbours.answers_after_s = 0.5
    crawl = neighbours.crawl(limit_s=3)
    assert crawl.runs[NEIGHBOURS[1]].published > 0
    assert str(crawl.runs[NEIGHBOURS[0]].error).startswith("not reached")
