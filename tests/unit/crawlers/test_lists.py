import asyncio
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.http import Response

from crawlers.publish import Gate
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import ListError, Lists
from crawlers.state import State
from crawlers.tick import SPIDERS
from crawlers.visit import Visit
from pipeline.bus import FakeProducer
from pipeline.messages import Publisher
from pipeline.sources import Links, Source

SITE = "https://news.example.com"
Reader = Callable[..., Lists]


def rss(item: str) -> str:
    return f'<rss version="2.0"><channel><title>x</title><item>{item}</item></channel></rss>'


async def begin(spider: SourceSpider) -> None:
    """As Scrapy does before the first list comes in."""
    assert [request.url async for request in spider.start()] == [SITE + "/list"]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Reader]:
    state = State(tmp_path / "s.sqlite")

    def reader(kind: str, body: str | bytes, links: Links | None = None) -> Lists:
        source = Source(
            source_id="s",
            publisher=Publisher("p", "P", "P", "wire"),
            kind=kind,  # type: ignore[arg-type]
            urls=(SITE + "/list",),
            language="en",
            zone="Asia/Shanghai",
            expected_per_day=1,
            links=links or Links(),
            digest="",
        )
        visit = Visit(
            source, state, FakeProducer(), lambda: datetime.now(UTC), lambda *_: None, Gate()
        )
        visit.begin()
        raw = body.encode() if isinstance(body, str) else body
        spider = SPIDERS[kind](visit=visit)
        asyncio.run(begin(spider))
        return spider.read(Response(SITE + "/list", body=raw))

    yield reader
    state.close()


def test_a_feed_entry_changes_when_its_title_does(read: Reader) -> None:
    one, two = (
        read("feed", rss(f"<title>{title}</title><link>/a</link>")).entries[0]
        for title in ("Rates held", "Correction: Rates cut")
    )
    assert one.url == two.url == SITE + "/a"
    assert one.stamp != two.stamp


def test_a_feed_s_dates_without_a_zone_are_the_source_s(read: Reader) -> None:
    body = rss("<title>x</title><link>/a</link><pubDate>2026-11-20 14:03:00</pubDate>")
    assert read("feed", body).entries[0].published == datetime(2026, 11, 20, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "http://[x", ""])
def test_entries_that_lead_nowhere_are_left_out(read: Reader, link: str) -> None:
    assert list(read("feed", rss(f"<title>x</title><link>{link}</link>")).entries) == []


def test_a_feed_whose_text_is_a_path_reads_no_file(read: Reader, tmp_path: Path) -> None:
    kept = tmp_path / "kept.xml"
    kept.write_text(rss("<title>x</title><link>/a</link>"), encoding="utf-8")
    with pytest.raises(ListError):
        read("feed", str(kept))


@pytest.mark.parametrize("body", ["", "<html><body>Sorry</body></html>", "{}"])
def test_what_is_no_feed_is_an_error(read: Reader, body: str) -> None:
    with pytest.raises(ListError):
        read("feed", body)


NEWS = f"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{SITE}/a</loc>
<lastmod>2026-11-21</lastmod><news:news><news:publication_date>2026-11-20T06:03:00Z
</news:publication_date></news:news></url></urlset>"""


@pytest.mark.parametrize("body", [NEWS.encode(), gzip.compress(NEWS.encode())])
def test_a_sitemap_gives_addresses_and_the_news_one_dates(read: Reader, body: bytes) -> None:
    (entry,) = read("sitemap", body).entries
    assert entry.url == SITE + "/a"
    assert entry.published == datetime(2026, 11, 20, 6, 3, tzinfo=UTC)


def test_a_sitemap_s_change_date_is_no_date_of_publication(read: Reader) -> None:
    body = f"<urlset><url><loc>{SITE}/a</loc><lastmod>2026-11-21</lastmod></url></urlset>"
    assert read("sitemap", body).entries[0].published is None


def test_an_index_leads_to_its_sitemaps(read: Reader) -> None:
    body = f"<sitemapindex><sitemap><loc>{SITE}/b.xml</loc></sitemap></sitemapindex>"
    assert list(read("sitemap", body).inside) == [SITE + "/b.xml"]


def test_nothing_that_a_sitemap_names_is_read_into_it(read: Reader) -> None:
    body = (
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        f"<urlset><url><loc>{SITE}/&x;</loc></url></urlset>"
    )
    assert [entry.url for entry in read("sitemap", body).entries] in ([], [SITE + "/"])


@pytest.mark.parametrize("body", [b"", b"<html/>", b"\x1f\x8b\x08broken", b"plain text"])
def test_what_is_no_sitemap_is_an_error(read: Reader, body: bytes) -> None:
    with pytest.raises(ListError, match="no sitemap"):
        read("sitemap", body)


def test_a_compressed_sitemap_cannot_fill_the_memory(read: Reader) -> None:
    with pytest.raises(ListError):
        read("sitemap", gzip.compress(b"<urlset>" + b" " * 50_000_000))


PAGE = """<nav><a href="/news/9.html">nav</a></nav><ul class=l><li><a href="/news/1.html">One</a>
<li><a href="/news/1.html">again</a><li><a href="/about">About</a></ul>
<a class=n href="2">older</a>"""


def test_a_listing_s_links_are_those_its_source_describes(read: Reader) -> None:
    links = Links(css="ul.l a", pattern=r"/news/\d+\.html$", next="a.n", pages=5)
    lists = read("listing", PAGE, links)
    assert [entry.url for entry in lists.entries] == [SITE + "/news/1.html"]
    assert lists.following == SITE + "/2"


@pytest.mark.parametrize("link", ["http://[x", "//a]b/"])
def test_a_listing_s_broken_link_costs_only_itself(read: Reader, link: str) -> None:
    page = f'<a href="{link}">x</a>{PAGE}<a class=o href="{link}">older</a>'
    lists = read("listing", page, Links(pattern=r"/news/\d+\.html$", next="a.o", pages=5))
    assert [entry.url for entry in lists.entries] == [SITE + "/news/9.html", SITE + "/news/1.html"]
    assert lists.following is None
    assert link in lists.broken


def test_a_listing_in_which_nothing_matches_any_more_is_an_error(read: Reader) -> None:
    with pytest.raises(ListError, match="no link matches"):
        read("listing", PAGE, Links(pattern="/artikel/"))


def test_a_listing_is_read_to_its_declared_depth(read: Reader) -> None:
    one, two = (Links(css="ul.l a", next="a.n", pages=pages) for pages in (1, 2))
    assert read("listing", PAGE, one).following is None
    assert read("listing", PAGE, two).following == SITE + "/2"
