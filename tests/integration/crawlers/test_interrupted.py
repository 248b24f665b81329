"""Crawls that are killed, that find no Kafka, or that meet each other: nothing is lost."""

from collections import Counter

import pytest

from crawlers import settings
from crawlers.lock import lock
from demo.newswire.messages import raw_articles
from demo.newswire.publishers import PUBLISHERS
from tests.integration.crawlers.world import World

pytestmark = pytest.mark.slow


def printed(world: World) -> set[str]:
    """Address of every article that there is by now."""
    articles = raw_articles(world.newswire.zero, world.now, world.newswire.ports)
    return {article.url for article in articles}


@pytest.mark.parametrize("kill_after", [1, 100])
def test_a_crawl_killed_between_send_and_ack_loses_nothing(world: World, kill_after: int) -> None:
    killed = world.crawl(kill_after=kill_after)
    assert killed.returncode == -9
    world.minutes += 0.98
    whole = world.crawl()
    assert printed(world) <= {item.url for item in killed.articles + whole.articles}


def test_a_kill_doubles_and_refetches_no_more_than_was_in_flight(world: World) -> None:
    # Acknowledgements so slow that pages would pile up behind them.
    killed = world.crawl(kill_after=40, ack_s=0.2)
    assert killed.returncode == -9
    before = Counter(world.asked)
    world.minutes += 0.98
    whole = world.crawl()
    doubled = {item.url for item in killed.articles} & {item.url for item in whole.articles}
    assert len(doubled) <= settings.CONCURRENT_ITEMS
    refetched = {url for url, times in Counter(world.asked).items() if times > before[url] > 0}
    in_flight = settings.CONCURRENT_REQUESTS + settings.CONCURRENT_ITEMS
    # Each source is a visit of its own.
    assert len(refetched & printed(world)) <= len(PUBLISHERS) * in_flight


def test_articles_that_a_site_cannot_serve_for_a_day_arrive_the_day_after(world: World) -> None:
    # Its feed is there all the time, as where it comes from another server.
    world.down = "/wire/"
    for minutes in (1, 20, 400):
        world.minutes = minutes
        outage = world.crawl(source_ids=["harbour-ledger"])
        assert not any("/wire/" in letter.url for letter in outage.letters)
        assert "HTTP 503" in str(outage.runs["harbour-ledger"].error)
    world.minutes, world.down = 24 * 60, None
    after = world.crawl(source_ids=["harbour-ledger"])
    origin = world.newswire.origins["harbour-ledger"]
    printed_there = {url for url in printed(world) if url.startswith(origin + "/wire/")}
    assert len(printed_there) > 20
    assert printed_there <= {item.url for item in after.articles}


def test_a_crawl_without_kafka_fails_and_leaves_everything_due(world: World) -> None:
    refused = world.crawl(refuse=True, source_ids=["harbour-ledger"])
    run = refused.runs["harbour-ledger"]
    assert (run.status, run.published) == ("failed", 0)
    assert "Kafka did not take" in str(run.error)
    world.crawl(source_ids=["harbour-ledger"])
    third = world.crawl(source_ids=["harbour-ledger"])
    assert (third.runs["harbour-ledger"].status, third.articles) == ("ok", [])


def test_a_source_that_is_not_due_or_in_other_hands_is_left_out(world: World) -> None:
    home = world.folder / "home" / "crawl"
    with lock(home / "jinqiao-wang.lock"):
        visited = world.crawl(source_ids=["nanfang-caixun", "jinqiao-wang"])
    assert set(visited.runs) == {"nanfang-caixun"}
    due = world.crawl()
    assert "nanfang-caixun" not in due.runs
    assert "jinqiao-wang" in due.runs
