"""The process that reads strangers' text: what ends it, and that nothing else does."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from crawlers.reader import Reader, Unreadable
from crawlers.reading import Answer, Question
from crawlers.spiders.lists import Page

URL = "https://news.example.com/a"
GOOD = "<title>Rates held</title><h1>Rates held</h1><p>The bank left its rate alone on Friday.</p>"
# Accents in an order that Unicode's normal form turns around: hours of work, in C.
ACCENTS = "<h1>a" + "\u0301\u0323" * 500_000 + "</h1>"
ATTRIBUTES = f"<p {' '.join(f'a{number}' for number in range(200_000))}>x</p>"


def article(html: str) -> Question:
    return Question("article", Page(URL, "text/html; charset=utf-8", html.encode(), "UTC"))


def with_reader(
    use: Callable[[Reader], Awaitable[None]], *, cpu_s: float = 1.0, memory_bytes: int = 2 << 30
) -> None:
    async def run() -> None:
        reader = Reader(cpu_s, memory_bytes)
        try:
            await use(reader)
        finally:
            await reader.close()

    asyncio.run(asyncio.wait_for(run(), 60))


def title(found: Answer) -> str | None:
    return found.article.title if found.article else None


def test_what_was_read_comes_back_as_it_was() -> None:
    async def use(reader: Reader) -> None:
        assert title(await reader.read(article(GOOD))) == "Rates held"
        assert (await reader.read(article(""))).cause == "the page is empty"
        body = b"<urlset><url><loc>https://news.example.com/1</loc></url></urlset>"
        oldest = datetime(2026, 11, 1, tzinfo=UTC)
        found = await reader.read(Question("sitemap", Page(URL, "", body, "UTC", oldest=oldest)))
        assert found.lists is not None
        assert [entry.url for entry in found.lists.entries] == ["https://news.example.com/1"]

    with_reader(use)


@pytest.mark.parametrize("html", [ACCENTS, ATTRIBUTES], ids=["accents", "attributes"])
def test_a_page_that_would_take_hours_costs_a_second_and_only_itself(html: str) -> None:
    async def use(reader: Reader) -> None:
        with pytest.raises(Unreadable, match="more than 1 s of computing time"):
            await reader.read(article(html))
        assert title(await reader.read(article(GOOD))) == "Rates held"

    with_reader(use)


def test_a_feed_that_would_take_hours_costs_a_second() -> None:
    async def use(reader: Reader) -> None:
        body = b'<rss version="2.0">' + b"<a>" * 1_000_000
        with pytest.raises(Unreadable):
            await reader.read(Question("feed", Page(URL, "", body, "UTC")))

    with_reader(use)


def test_a_page_cannot_have_more_memory_than_there_is_for_one() -> None:
    async def use(reader: Reader) -> None:
        found = await reader.read(article("<a>" * 1_300_000))
        assert found.article is None
        assert title(await reader.read(article(GOOD))) == "Rates held"

    with_reader(use, cpu_s=20, memory_bytes=512 << 20)


def test_a_signal_to_the_whole_group_ends_no_reading() -> None:
    async def use(reader: Reader) -> None:
        await reader.read(article(GOOD))
        assert reader._cell is not None
        for sent in (signal.SIGINT, signal.SIGTERM):
            os.kill(reader._cell.process.pid, sent)
        assert title(await reader.read(article(GOOD))) == "Rates held"

    with_reader(use)


def test_the_process_ends_when_nobody_asks_any_more() -> None:
    async def use(reader: Reader) -> None:
        await reader.read(article(GOOD))
        assert reader._cell is not None
        process = reader._cell.process
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0

    with_reader(use)
