from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lxml.etree
import pytest

from demo.newswire.__main__ import time_zero
from demo.newswire.edition import load_articles
from demo.newswire.messages import raw_articles
from demo.newswire.publishers import PUBLISHERS, consecutive, origins, write_sources
from demo.newswire.site import Newswire
from pipeline.messages import RAW_TOPIC, decode, encode
from pipeline.sources import load_sources

ZERO = datetime(2026, 3, 29, 0, 5, 17, tzinfo=UTC)
FEEDS = {
    "harbour-ledger": "/feeds/all.rss",
    "south-channel-post": "/atom.xml",
    "meridian-markets": "/sitemap-recent.xml",
    "nanfang-caixun": "/rss.xml",
}


class Clock:
    """A clock that stands where it is put."""

    now = ZERO

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def newswire(clock: Clock) -> Iterator[Newswire]:
    newswire = Newswire(ZERO, clock, consecutive(0))
    yield newswire
    newswire.stop()


def at(minutes: float) -> datetime:
    return ZERO + timedelta(minutes=minutes)


def test_there_are_three_hundred_articles_of_five_publishers_over_ten_days() -> None:
    articles = load_articles()
    assert len(articles) >= 300
    assert {article.publisher for article in articles} == set(PUBLISHERS)
    assert min(article.versions[0].since_minutes for article in articles) < -9 * 1440
    assert len({article.article_id for article in articles}) == len(articles)


def test_one_story_is_told_forty_times_by_three_publishers_within_three_hours() -> None:
    copies = [article for article in load_articles() if article.thread == "reprint"]
    assert Counter(article.publisher for article in copies) == {
        "meridian-markets": 14,
        "harbour-ledger": 13,
        "south-channel-post": 13,
    }
    since = [article.versions[0].since_minutes for article in copies]
    assert max(since) - min(since) <= 180
    assert max(since) <= 0
    assert len({article.path for article in copies}) == 40


def test_every_message_is_one_that_readers_take() -> None:
    messages = list(raw_articles(ZERO, at(10)))
    assert all(decode(RAW_TOPIC, encode(message)) == message for message in messages)


def test_what_is_not_yet_published_is_not_there_and_revisions_follow_at_their_time() -> None:
    before, after = (list(raw_articles(ZERO, at(minutes))) for minutes in (0, 5))
    assert after[: len(before)] == before
    added = after[len(before) :]
    known = {message.article_id for message in before}
    assert sum(message.article_id in known for message in added) == 6
    assert sum(message.article_id not in known for message in added) == 3


def test_a_revision_keeps_its_address_and_date_and_gets_a_new_tag(
    newswire: Newswire, clock: Clock
) -> None:
    revised = next(article for article in load_articles() if len(article.versions) > 1)
    first = newswire.answer(revised.publisher, revised.path)
    clock.now = at(3)
    second = newswire.answer(revised.publisher, revised.path)
    assert first.etag != second.etag
    assert first.modified is not None
    assert second.modified is not None
    assert first.modified < second.modified
    assert revised.versions[1].title.split(":")[0] in second.body.decode("utf-8")


def test_a_page_stays_as_it_is_while_time_goes_on(newswire: Newswire, clock: Clock) -> None:
    article = next(article for article in load_articles() if article.thread == "background")
    first = newswire.answer(article.publisher, article.path)
    clock.now = at(10_000)
    assert newswire.answer(article.publisher, article.path) == first


@pytest.mark.parametrize("publisher", FEEDS)
@pytest.mark.parametrize("minutes", [-20_000, 0, 5])
def test_every_feed_is_well_formed_at_every_time(
    newswire: Newswire, clock: Clock, publisher: str, minutes: float
) -> None:
    clock.now = at(minutes)
    lxml.etree.fromstring(newswire.answer(publisher, FEEDS[publisher]).body)


def test_time_zero_is_kept_over_a_second_start(tmp_path: Path) -> None:
    first = time_zero(tmp_path / "home")
    assert time_zero(tmp_path / "home") == first
    assert first.microsecond == 0


def test_a_damaged_time_zero_is_said_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "zero").write_text("2026-11-20T09:00:00", encoding="ascii")
    with pytest.raises(ValueError, match="delete it"):
        time_zero(tmp_path)


def test_the_sources_follow_the_ports(tmp_path: Path) -> None:
    write_sources(tmp_path, consecutive(9000))
    sources = load_sources([tmp_path])
    assert set(sources) == set(PUBLISHERS)
    for source_id, origin in origins(consecutive(9000)).items():
        assert sources[source_id].urls[0].startswith(origin + "/")


def test_a_taken_port_is_an_error_at_the_start(newswire: Newswire) -> None:
    with pytest.raises(OSError, match="in use"):
        Newswire(ZERO, lambda: ZERO, newswire.ports)
