import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.spiders import feed, listing, sitemap
from crawlers.spiders.lists import MAX_ENTRIES, ListError, Lists, Page
from pipeline.sources import Links

SITE = "https://news.example.com"
READERS = {"feed": feed.read, "sitemap": sitemap.read, "listing": listing.read}


def rss(item: str) -> str:
    return f'<rss version="2.0"><channel><title>x</title><item>{item}</item></channel></rss>'


def read(kind: str, body: str | bytes, links: Links | None = None, **more: Any) -> Lists:
    raw = body.encode() if isinstance(body, str) else body
    page = Page(f"{SITE}/list", "", raw, "Asia/Shanghai", links or Links(), **more)
    return READERS[kind](page)


def test_a_feed_entry_changes_when_its_title_does() -> None:
    one, two = (
        read("feed", rss(f"<title>{title}</title><link>/a</link>")).entries[0]
        for title in ("Rates held", "Correction: Rates cut")
    )
    assert one.url == two.url == SITE + "/a"
    assert one.stamp != two.stamp


def test_a_feed_s_dates_without_a_zone_are_the_source_s() -> None:
    body = rss("<title>x</title><link>/a</link><pubDate>2026-11-20 14:03:00</pubDate>")
    assert read("feed", body).entries[0].published == datetime(2026, 11, 20, 6, 3, tzinfo=UTC)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "http://[x", ""])
def test_entries_that_lead_nowhere_are_left_out(link: str) -> None:
    assert list(read("feed", rss(f"<title>x</title><link>{link}</link>")).entries) == []


def test_a_feed_whose_text_is_a_path_reads_no_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept.xml"
    kept.write_text(rss("<title>x</title><link>/a</link>"), encoding="utf-8")
    with pytest.raises(ListError):
        read("feed", str(kept))


@pytest.mark.parametrize("body", ["", "<html><body>Sorry</body></html>", "{}"])
def test_what_is_no_feed_is_an_error(body: str) -> None:
    with pytest.raises(ListError):
        read("feed", body)


NEWS = f"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{SITE}/a</loc>
<lastmod>2026-11-21</lastmod><news:news><news:publication_date>2026-11-20T06:03:00Z
</news:publication_date></news:news></url></urlset>"""


@pytest.mark.parametrize("body", [NEWS.encode(), gzip.compress(NEWS.encode())])
def test_a_sitemap_gives_addresses_and_the_news_one_dates(body: bytes) -> None:
    (entry,) = read("sitemap", body).entries
    assert entry.url == SITE + "/a"
    assert entry.published == datetime(2026, 11, 20, 6, 3, tzinfo=UTC)


def test_a_sitemap_s_change_date_is_no_date_of_publication() -> None:
    body = f"<urlset><url><loc>{SITE}/a</loc><lastmod>2026-11-21</lastmod></url></urlset>"
    assert read("sitemap", body).entries[0].published is None


def test_an_index_leads_to_its_sitemaps() -> None:
    body = f"<sitemapindex><sitemap><loc>{SITE}/b.xml</loc></sitemap></sitemapindex>"
    assert list(read("sitemap", body).inside) == [SITE + "/b.xml"]


def test_nothing_that_a_sitemap_names_is_read_into_it() -> None:
    body = (
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        f"<urlset><url><loc>{SITE}/&x;</loc></url></urlset>"
    )
    assert [entry.url for entry in read("sitemap", body).entries] in ([], [SITE + "/"])


# A line, ten times in an entity, ten times in another, nine levels deep: 50 GB.
ENTITIES = "<!DOCTYPE x [<!ENTITY a0 'a line of fifty characters, more or less, it is.'>" + "".join(
    f"<!ENTITY a{level + 1} '{f'&a{level};' * 10}'>" for level in range(9)
)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("feed", ENTITIES + "]>" + rss("<title>&a9;</title><link>/a</link>")),
        ("sitemap", ENTITIES + f"]><urlset><url><loc>{SITE}/&a9;</loc></url></urlset>"),
        ("sitemap", ENTITIES + f"]><urlset><url><loc x='&a9;'>{SITE}/a</loc></url></urlset>"),
    ],
    ids=["feed", "text", "attribute"],
)
def test_entities_within_entities_do_not_unfold(kind: str, body: str) -> None:
    try:
        found = read(kind, body)
    except ListError:
        return
    assert len(found.entries) <= 1


@pytest.mark.parametrize("body", [b"", b"<html/>", b"\x1f\x8b\x08broken", b"plain text"])
def test_what_is_no_sitemap_is_an_error(body: bytes) -> None:
    with pytest.raises(ListError, match="no sitemap"):
        read("sitemap", body)


def test_a_compressed_sitemap_cannot_fill_the_memory() -> None:
    with pytest.raises(ListError):
        read("sitemap", gzip.compress(b"<urlset>" + b" " * 50_000_000))


PAGE = """<nav><a href="/news/9.html">nav</a></nav><ul class=l><li><a href="/news/1.html">One</a>
<li><a href="/news/1.html">again</a><li><a href="/about">About</a></ul>
<a class=n href="2">older</a>"""


def test_a_listing_s_links_are_those_its_source_describes() -> None:
    links = Links(css="ul.l a", pattern=r"/news/\d+\.html$", next="a.n", pages=5)
    lists = read("listing", PAGE, links, deeper=True)
    assert [entry.url for entry in lists.entries] == [SITE + "/news/1.html"]
    assert lists.following == SITE + "/2"


@pytest.mark.parametrize("link", ["http://[x", "//a]b/"])
def test_a_listing_s_broken_link_costs_only_itself(link: str) -> None:
    page = f'<a href="{link}">x</a>{PAGE}<a class=o href="{link}">older</a>'
    lists = read("listing", page, Links(pattern=r"/news/\d+\.html$", next="a.o", pages=5))
    assert [entry.url for entry in lists.entries] == [SITE + "/news/9.html", SITE + "/news/1.html"]
    assert lists.following is None
    assert link in lists.broken


def test_a_listing_in_which_nothing_matches_any_more_is_an_error() -> None:
    with pytest.raises(ListError, match="no link matches"):
        read("listing", PAGE, Links(pattern="/artikel/"))


def test_a_listing_leads_on_only_to_its_declared_depth() -> None:
    links = Links(css="ul.l a", next="a.n", pages=2)
    assert read("listing", PAGE, links, deeper=False).following is None
    assert read("listing", PAGE, links, deeper=True).following == SITE + "/2"


def test_a_listing_s_links_are_relative_to_the_base_it_names() -> None:
    page = '<base href="/archive/"><a href="news/1.html">One</a>'
    assert read("listing", page).entries[0].url == SITE + "/archive/news/1.html"


@pytest.mark.parametrize("kind", ["feed", "sitemap", "listing"])
def test_of_an_endless_list_only_the_beginning_is_read(kind: str) -> None:
    entries = {
        "feed": "<item><title>x</title><link>/{}</link></item>",
        "sitemap": "<url><loc>" + SITE + "/{}</loc></url>",
        "listing": "<a href=/{}>x</a>",
    }[kind]
    around = {
        "feed": '<rss version="2.0"><channel>%s</channel></rss>',
        "sitemap": "<urlset>%s</urlset>",
        "listing": "%s",
    }[kind]
    body = around % "".join(entries.format(number) for number in range(MAX_ENTRIES + 50))
    assert len(read(kind, body).entries) == MAX_ENTRIES


def test_of_a_long_sitemap_the_newest_articles_are_read() -> None:
    urls = [
        f"<url><loc>{SITE}/{number}</loc><lastmod>{2000 + number // 400}-01-01</lastmod></url>"
        for number in range(MAX_ENTRIES + 2_000)
    ]
    found = {entry.url for entry in read("sitemap", f"<urlset>{''.join(urls)}</urlset>").entries}
    assert f"{SITE}/{MAX_ENTRIES + 1_999}" in found
    assert f"{SITE}/0" not in found


def test_what_last_changed_before_the_source_s_days_is_left_out_of_its_sitemap() -> None:
    body = "".join(
        f"<url><loc>{SITE}/{name}</loc>{when}</url>"
        for name, when in (
            ("old", "<lastmod>2026-10-01</lastmod>"),
            ("new", "<lastmod>2026-11-20</lastmod>"),
            ("undated", ""),
        )
    )
    lists = read("sitemap", f"<urlset>{body}</urlset>", oldest=datetime(2026, 11, 1, tzinfo=UTC))
    assert {entry.url for entry in lists.entries} == {SITE + "/new", SITE + "/undated"}


@pytest.mark.parametrize("kind", ["feed", "sitemap", "listing"])
def test_an_address_longer_than_any_message_holds_is_left_out(kind: str) -> None:
    url = f"{SITE}/{'x' * 2_000}"
    body = {
        "feed": rss(f"<title>x</title><link>{url}</link>"),
        "sitemap": f"<urlset><url><loc>{url}</loc></url></urlset>",
        "listing": f"<a href={url}>x</a><a href=/y>y</a>",
    }[kind]
    assert url not in [entry.url for entry in read(kind, body).entries]
