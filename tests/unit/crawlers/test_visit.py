import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.publish import Gate, Refused
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import Lists
from crawlers.state import Listed, State, Validators
from crawlers.tick import SPIDERS
from crawlers.visit import Visit
from pipeline.bus import FakeProducer
from pipeline.messages import Publisher
from pipeline.sources import Source

SITE = "https://news.example.com"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Breaking(SourceSpider):
    """Its list breaks the library that reads it."""

    def read(self, response: Response) -> Lists:
        raise OverflowError("year 99999 is out of range")


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[Visit]:
    source = Source(
        source_id="s",
        publisher=Publisher("p", "P", "P", "wire"),
        kind="sitemap",
        urls=(SITE + "/list",),
        language="en",
        expected_per_day=1,
        digest="",
    )
    state = State(tmp_path / "s.sqlite")
    visit = Visit(source, state, FakeProducer(), lambda: NOW, lambda *_: None, Gate())
    visit.begin()
    yield visit
    state.close()


def answer(spider: SourceSpider, body: str) -> list[Any]:
    """What the spider does next when its only list is this."""

    async def begin() -> list[Request]:
        return [request async for request in spider.start()]

    (asked,) = asyncio.run(begin())
    assert asked.callback is not None
    return list(asked.callback(Response(asked.url, body=body.encode()), **asked.cb_kwargs))


def urls(found: list[Any]) -> list[str]:
    return [item.url for item in found if isinstance(item, Request)]


def pending(visit: Visit, url: str) -> None:
    visit.state.remember(SITE + "/old", Validators(), [Listed(url, url, "1", NOW)], NOW)


@pytest.mark.parametrize("link", ["/relative.xml", "http://[x"])
def test_an_index_s_broken_link_costs_only_itself(visit: Visit, link: str) -> None:
    pending(visit, SITE + "/a")
    body = "".join(f"<sitemap><loc>{loc}</loc></sitemap>" for loc in (link, SITE + "/b.xml"))
    found = answer(SPIDERS["sitemap"](visit=visit), f"<sitemapindex>{body}</sitemapindex>")
    assert urls(found) == [SITE + "/b.xml", SITE + "/a"]
    assert visit.tally.errors == [f"{link}: no address of a list"]
    assert visit.tally.requests == 3


def test_after_an_index_of_nothing_but_broken_links_the_lists_are_done(visit: Visit) -> None:
    body = "<sitemapindex><sitemap><loc>/relative.xml</loc></sitemap></sitemapindex>"
    answer(SPIDERS["sitemap"](visit=visit), body)
    assert visit.state.begin_visit(NOW)


def test_a_list_that_breaks_its_reader_keeps_no_page_waiting(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    assert urls(answer(Breaking(visit=visit), "")) == [SITE + "/a"]
    assert visit.tally.errors == [f"{SITE}/list: OverflowError: year 99999 is out of range"]
    assert not visit.state.begin_visit(NOW)


@pytest.mark.parametrize("url", ["http://[x", "https://news.example.com:443 ", "/a"])
def test_a_page_whose_address_is_none_is_refused_and_the_others_asked_for(
    visit: Visit, url: str
) -> None:
    pending(visit, url)
    pending(visit, SITE + "/b")
    found = answer(SPIDERS["sitemap"](visit=visit), "<urlset/>")
    assert [item.due.listed.url for item in found if isinstance(item, Refused)] == [url]
    assert urls(found) == [SITE + "/b"]


def test_a_visit_counts_from_its_begin_and_not_from_when_it_was_planned(visit: Visit) -> None:
    planned = Visit(
        visit.source, visit.state, visit.sender, lambda: NOW + HOUR, visit.progress, visit.gate
    )
    assert visit.state.last_visit() == NOW
    planned.begin()
    assert visit.state.last_visit() == NOW + HOUR


def test_a_visit_that_came_to_its_end_is_not_due_again(visit: Visit) -> None:
    visit.end()
    assert not visit.state.is_unfinished()
    assert visit.tally.errors == []


def test_a_visit_broken_off_says_what_is_left_and_counts_only_what_was_asked(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    spider = SPIDERS["sitemap"](visit=visit)
    answer(spider, "<urlset/>")
    assert visit.tally.requests == 2
    visit.break_off("its time was up")
    visit.break_off("told to stop")
    visit.end()
    assert visit.state.is_unfinished()
    assert visit.tally.requests == 1
    assert visit.tally.errors == ["its time was up; 1 pages wait for the next visit"]


def test_a_page_that_a_broken_off_visit_did_not_get_has_not_failed(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    spider = SPIDERS["sitemap"](visit=visit)
    (asked,) = answer(spider, "<urlset/>")
    failure = Failure(IgnoreRequest("the visit is over"))  # type: ignore[no-untyped-call]
    failure.request = asked  # type: ignore[attr-defined]
    visit.break_off("its time was up")
    assert list(asked.errback(failure)) == []
    assert [due.listed.url for due in visit.state.due(NOW, visit.revisit)] == [SITE + "/a"]
    assert visit.tally.answered == 1
