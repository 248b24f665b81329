import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawlers.decode import decode
from crawlers.extract import MAX_CHARACTERS, MAX_ELEMENTS, Extract, ExtractError, extract
from pipeline.settings import ROOT

PAGES = ROOT / "tests" / "fixtures" / "pages"
UTC = ZoneInfo("UTC")
URL = "https://news.example.com/a"

FURNITURE = [
    "ookie",
    "acebook",
    "Related",
    "comment",
    "Most read",
    "ADVERT",
    "评论",
    "分享",
    "广告",
]


def saved(stem: str) -> tuple[dict[str, Any], Extract]:
    expected = json.loads((PAGES / f"{stem}.json").read_text("utf-8"))
    html = decode((PAGES / f"{stem}.html").read_bytes(), expected["header"])
    return expected, extract(html, expected["url"], ZoneInfo(expected["zone"]))


@pytest.mark.parametrize("stem", sorted(path.stem for path in PAGES.glob("*.json")))
def test_title_date_and_author_are_the_page_s(stem: str) -> None:
    expected, found = saved(stem)
    assert found.title == expected["title"]
    assert found.author == expected["author"]
    assert found.published is not None
    assert found.published.at == datetime.fromisoformat(expected["published"])


@pytest.mark.parametrize(
    "stem",
    [
        "harbour-ledger",
        "south-channel-post",
        "meridian-markets",
        "nanfang-caixun",
        "jinqiao-wang",
        "graph-portal",
    ],
)
def test_the_body_is_the_article_to_the_letter(stem: str) -> None:
    expected, found = saved(stem)
    assert found.body == "\n".join(expected["body"])


def test_the_saved_pages_are_full_of_what_is_no_article() -> None:
    pages = [
        decode((PAGES / f"{path.stem}.html").read_bytes(), None) for path in PAGES.glob("*.json")
    ]
    for word in FURNITURE:
        assert any(word in page for page in pages), word


def test_a_table_s_figures_are_kept_and_the_frame_is_not() -> None:
    expected, found = saved("press-release")
    assert all(words in found.body for words in expected["holds"])
    assert not any(words in found.body for words in expected["lacks"])


def test_program_code_in_a_headline_is_text_and_invisible_text_is_none() -> None:
    found = extract(
        "<title>&lt;script&gt;x&lt;/script&gt; Rates</title><h1>&lt;script&gt;x&lt;/script&gt; "
        "Rates<script>y</script></h1><article><p>The bank held rates at its meeting today.</p>"
        "<p hidden>Rate this positive.</p><p style='display:none'>And this.</p></article>",
        URL,
        UTC,
    )
    assert found.title == "<script>x</script> Rates"
    assert found.body == "The bank held rates at its meeting today."


def test_a_page_without_a_date_is_undated_whatever_its_comments_say() -> None:
    found = extract(
        "<h1>Berths</h1><article><p>Even numbers face the breakwater and odd ones the town.</p>"
        "</article><section class=comments><time datetime=2026-01-01T00:00:00Z>1 Jan</time>"
        "<p>Nonsense!</p></section>",
        URL,
        UTC,
    )
    assert found.published is None
    assert "Nonsense" not in found.body


def test_the_canonical_address_is_made_absolute_and_left_to_others_to_believe() -> None:
    page = "<link rel=canonical href='//wire.example.org/b'><h1>T</h1><p>Some text of the page.</p>"
    assert extract(page, URL, UTC).canonical == "https://wire.example.org/b"


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        ("", "the page is empty"),
        (" \n\x00 ", "the page is empty"),
        ("<p>A text without any headline at all.</p>", "no title"),
        ("<h1>T</h1>" + "a" * MAX_CHARACTERS, f"at most {MAX_CHARACTERS}"),
        ("<h1>T</h1>" + "<br>" * MAX_ELEMENTS, f"at most {MAX_ELEMENTS}"),
    ],
)
def test_what_is_no_article_says_why(page: str, cause: str) -> None:
    with pytest.raises(ExtractError, match=cause):
        extract(page, URL, UTC)


@pytest.mark.parametrize(
    "page",
    [
        "<h1>Depth</h1>" + "<div>" * 5_000 + "x",
        "<h1>Open</h1><table><tr><td><p>one<p>two<td><<<",
        "<?xml version='1.0' encoding='gbk'?><html><h1>Declared</h1></html>",
        "<h1>Entities &#0; &#xD800; &bogus; &amp;</h1>",
        "<title>Only a window's title</title>",
    ],
)
def test_odd_pages_still_have_their_title(page: str) -> None:
    assert extract(page, URL, UTC).title


def test_a_saved_page_lies_beside_every_expectation() -> None:
    stems = {path.stem for path in PAGES.iterdir() if path.suffix == ".html"}
    assert stems == {path.stem for path in Path(PAGES).glob("*.json")}
