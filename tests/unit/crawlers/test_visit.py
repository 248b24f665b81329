import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers import reading
from crawlers.pages import Listed, Validators
from crawlers.publish import Gate, Refused
from crawlers.reader import ReaderError, Unreadable, VisitReader
from crawlers.reading import Answer, Question, answer
from crawlers.spiders import base
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import Lists, Page
from crawlers.state import State
from crawlers.visit import Visit
from pipeline.messages import Publisher
from pipeline.sources import Source
from tests.fixtures.fake_bus import FakeProducer

SITE = "https://news.example.com"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Direct:
    """A reader that reads in this process."""

    async def read(self, question: Question) -> Answer:
        return answer(question)


class Absent:
    """A reader whose process does not even start."""

    async def read(self, question: Question) -> Answer:
        raise ReaderError("the process that reads pages ended with 1")


class Ending:
    """A reader whose process ends at whatever it is asked."""

    asked = 0

    async def read(self, question: Question) -> Answer:
        self.asked += 1
        raise Unreadable("reading it took more than 10 s of computing time")


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


def listed(spider: SourceSpider, body: str) -> list[Any]:
    """What the spider does next when its only list is this."""

    async def begin() -> list[Any]:
        (asked,) = [request async for request in spider.start()]
        return await came(asked, body)

    return asyncio.run(begin())


async def came(asked: Request, body: str, status: int = 200) -> list[Any]:
    """What follows when this is the answer to a request."""
    assert asked.callback is not None
    response = Response(asked.url, body=body.encode(), status=status, request=asked)
    return [item async for item in asked.callback(response, **asked.cb_kwargs)]


def urls(found: list[Any]) -> list[str]:
    return [item.url for item in found if isinstance(item, Request)]


def spider(visit: Visit) -> SourceSpider:
    return SourceSpider(visit=visit, reader=Direct())


def pending(visit: Visit, url: str) -> None:
    visit.state.remember(SITE + "/old", Validators(), [Listed(url, url, "1", NOW)], NOW)


@pytest.mark.parametrize("link", ["/relative.xml", "http://[x"])
def test_an_index_s_broken_link_costs_only_itself(visit: Visit, link: str) -> None:
    pending(visit, SITE + "/a")
    body = "".join(f"<sitemap><loc>{loc}</loc></sitemap>" for loc in (link, SITE + "/b.xml"))
    found = listed(spider(visit), f"<sitemapindex>{body}</sitemapindex>")
    assert urls(found) == [SITE + "/b.xml", SITE + "/a"]
    assert visit.tally.errors == [f"{link}: no address of a list"]
    assert visit.tally.requests == 3


def test_a_list_on_another_s_site_is_not_read(visit: Visit) -> None:
    locs = ("https://victim.example.org/a.xml", "https://maps.example.com/b.xml")
    body = "".join(f"<sitemap><loc>{loc}</loc></sitemap>" for loc in locs)
    found = listed(spider(visit), f"<sitemapindex>{body}</sitemapindex>")
    assert urls(found) == ["https://maps.example.com/b.xml"]
    assert "example.org is not on the source's sites" in visit.tally.errors[0]


def test_after_an_index_of_nothing_but_broken_links_the_lists_are_done(visit: Visit) -> None:
    body = "<sitemapindex><sitemap><loc>/relative.xml</loc></sitemap></sitemapindex>"
    listed(spider(visit), body)
    assert visit.state.begin_visit(NOW, "")


def test_a_list_that_breaks_its_reader_keeps_no_page_waiting(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(page: Page) -> Lists:
        raise OverflowError("year 99999 is out of range")

    monkeypatch.setitem(reading._LISTS, "sitemap", breaking)
    pending(visit, SITE + "/a")
    assert urls(listed(spider(visit), "")) == [SITE + "/a"]
    assert visit.tally.errors == [f"{SITE}/list: OverflowError: year 99999 is out of range"]
    assert not visit.state.begin_visit(NOW, "")


def test_a_list_that_cannot_be_kept_keeps_no_page_waiting(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    pending(visit, SITE + "/a")
    monkeypatch.setattr(visit.state, "remember", full)
    assert urls(listed(spider(visit), "<urlset/>")) == [SITE + "/a"]
    assert visit.tally.errors == [f"{SITE}/list: it cannot be remembered: database or disk is full"]
    assert visit.tally.lists == 0


def test_a_page_that_ends_its_reader_is_refused_and_three_of_them_end_the_visit(
    visit: Visit,
) -> None:
    for name in "abcd":
        pending(visit, f"{SITE}/{name}")
    reader = Ending()
    crawling = spider(visit)
    pages = listed(crawling, "<urlset/>")
    crawling._reader = VisitReader(reader, visit.give_up)

    async def read_all() -> list[Any]:
        return [item for page in pages for item in await came(page, "<h1>x</h1>")]

    refused = asyncio.run(read_all())
    # The fourth is not even tried, and stays due.
    assert reader.asked == len(refused) == 3
    assert {item.refusal.stage for item in refused} == {"extract"}
    assert visit.over.is_set()
    assert visit.tally.broken
    assert "3 pages could not be read" in visit.tally.errors[-1]
    visit.end()
    assert not visit.state.is_unfinished()


@pytest.mark.parametrize("url", ["http://[x", "https://news.example.com:443 ", "/a"])
def test_a_page_whose_address_is_none_is_refused_and_the_others_asked_for(
    visit: Visit, url: str
) -> None:
    pending(visit, url)
    pending(visit, SITE + "/b")
    found = listed(spider(visit), "<urlset/>")
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
    listed(spider(visit), "<urlset/>")
    assert visit.tally.requests == 2
    visit.break_off("its time was up")
    visit.break_off("told to stop")
    visit.end()
    assert visit.state.is_unfinished()
    assert visit.tally.requests == 1
    assert visit.tally.errors == ["its time was up; 1 pages wait for the next visit"]


def gone_wrong(asked: Request, error: Exception) -> list[Any]:
    """What follows when there is no answer to a request."""
    failure = Failure(error)  # type: ignore[no-untyped-call]
    failure.request = asked  # type: ignore[attr-defined]
    assert asked.errback is not None
    return list(asked.errback(failure))


def test_a_page_that_a_broken_off_visit_did_not_get_has_not_failed(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    (asked,) = listed(spider(visit), "<urlset/>")
    visit.break_off("its time was up")
    assert gone_wrong(asked, IgnoreRequest("the visit is over")) == []
    assert [due.listed.url for due in visit.state.due(NOW, visit.revisit, 100)] == [SITE + "/a"]
    assert visit.tally.answered == 1


def test_an_outage_refuses_nothing_and_is_told(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    (asked,) = listed(spider(visit), "<urlset/>")
    assert gone_wrong(asked, TimeoutError("took longer than 20 seconds")) == []
    visit.end()
    assert visit.state.waiting() == 1
    assert visit.tally.errors == [
        "1 pages did not come and are asked for again, the last for: took longer than 20 seconds"
    ]


def test_a_server_that_stops_answering_is_left_alone(visit: Visit) -> None:
    for name in "abcdefgh":
        pending(visit, f"{SITE}/{name}")
    asked = listed(spider(visit), "<urlset/>")
    for request in asked[:4]:
        gone_wrong(request, TimeoutError())
    assert not visit.over.is_set()
    gone_wrong(asked[4], TimeoutError())
    assert visit.over.is_set()
    assert visit.tally.broken
    assert gone_wrong(asked[5], TimeoutError()) == []
    assert visit.tally.missed == 5


def test_where_no_list_came_only_what_is_new_is_asked_for(visit: Visit) -> None:
    visit.state.remember(
        SITE + "/list", Validators(), [Listed(SITE + "/known", SITE + "/known", "1", NOW)], NOW
    )
    visit.state.acknowledged(SITE + "/known", ("0" * 32, "d"), Validators(), NOW - HOUR)
    pending(visit, SITE + "/new")

    async def begin() -> Request:
        (asked,) = [request async for request in spider(visit).start()]
        return asked

    assert urls(gone_wrong(asyncio.run(begin()), ConnectionError("refused"))) == [SITE + "/new"]


def test_where_nothing_can_be_read_nothing_is_refused_for_it(visit: Visit) -> None:
    pending(visit, SITE + "/a")
    assert listed(SourceSpider(visit=visit, reader=Absent()), "<urlset/>") == []
    visit.end()
    assert visit.state.waiting() == 1
    assert "the process that reads pages ended with 1" in visit.tally.errors
    assert visit.tally.broken


def test_not_modified_means_nothing_where_nobody_asked(visit: Visit) -> None:
    pending(visit, SITE + "/a")

    async def begin() -> list[Any]:
        (asked,) = [request async for request in spider(visit).start()]
        (page,) = await came(asked, "", 304)
        return await came(page, "", 304)

    (refused,) = asyncio.run(begin())
    assert (refused.due.listed.url, refused.refusal.stage) == (SITE + "/a", "fetch")
    assert visit.tally.lists == visit.tally.not_modified == 0
    assert "which nobody asked" in visit.tally.errors[0]
    assert visit.state.waiting() == 1


def test_a_visit_takes_note_of_no_more_than_can_be_remembered(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_MAX_LISTED", 3)
    body = "".join(f"<url><loc>{SITE}/{number}</loc></url>" for number in range(5))
    assert len(urls(listed(spider(visit), f"<urlset>{body}</urlset>"))) == 3
    assert visit.tally.errors == ["more than 3 articles are listed; the others are left out"]


def test_a_visit_asks_for_so_many_pages_and_the_next_goes_on(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_MAX_PAGES", 3)
    body = "".join(f"<url><loc>{SITE}/{number}</loc></url>" for number in range(5))
    assert len(urls(listed(spider(visit), f"<urlset>{body}</urlset>"))) == 3
    visit.end()
    assert visit.state.is_unfinished()
    assert "3 pages are enough for one visit; 5 pages wait" in visit.tally.errors[0]
