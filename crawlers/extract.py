"""A page to an article: trafilatura behind one function."""

import re
from configparser import ConfigParser
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Final
from urllib.parse import urljoin

import lxml.etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura import bare_extraction
from trafilatura.settings import DEFAULT_CONFIG

from crawlers import dates
from crawlers.decode import one_line, visible
from crawlers.furniture import remove_furniture

# Beyond these a page costs seconds in which nothing else is fetched.
MAX_CHARACTERS: Final = 4_000_000
MAX_ELEMENTS: Final = 20_000
_MAX_TITLE: Final = 1_000
_MAX_ADDRESS: Final = 2_000
_WORD: Final = re.compile(r"\w")
_DATELINE: Final = 40
_SENTENCE: Final = re.compile(r"[。！？；，]|[a-z]{4,}\.$")

# A few words of the desk at the end of Chinese articles: （责任编辑：某某）.
_SIGNATURE: Final = re.compile(
    r"[（(【\[]?\s*(责任编辑|责编|编辑|校对|审核|来源)\s*[：:]\s*.{0,30}"
)


class ExtractError(ValueError):
    """No article can be made of a page; the text is the cause."""


@dataclass(frozen=True)
class Extract:
    """What a page says."""

    title: str
    # Paragraphs separated by a newline; empty where the page has no text beside its title.
    body: str
    # None: the page is undated.
    published: dates.When | None
    author: str | None
    # Absolute address of rel=canonical; the page's word, to be believed with care.
    canonical: str | None
    # The page's lang attribute.
    language: str | None


def extract(html: str, url: str, zone: tzinfo) -> Extract:
    """The article on a page fetched from `url`; `zone` is that of dates written without one.

    Raises ExtractError where the page is empty, too large, or has no title.
    """
    tree = _parse(html)
    canonical = next(iter(tree.xpath("//link[@rel='canonical']/@href")), None)
    data = dates.linked_data(tree)
    remove_furniture(tree)
    title = _title(tree, data)
    if not title:
        raise ExtractError("the page has no title")
    return Extract(
        title=title[:_MAX_TITLE],
        body=_body(tree, title),
        published=dates.published(tree, zone),
        author=_author(tree, data),
        canonical=_absolute(url, canonical),
        language=(one_line(tree.get("lang") or "")[:35]) or None,
    )


def _parse(html: str) -> HtmlElement:
    text = visible(html)
    if not text.strip():
        raise ExtractError("the page is empty")
    if len(text) > MAX_CHARACTERS:
        raise ExtractError(
            f"the page has {len(text)} characters; at most {MAX_CHARACTERS} are read"
        )
    try:
        tree: HtmlElement = document_fromstring(text.encode(), parser=HTMLParser(encoding="utf-8"))
    except lxml.etree.LxmlError as error:
        raise ExtractError(f"the page is no HTML: {error}") from error
    elements = sum(1 for _ in tree.iter())
    if elements > MAX_ELEMENTS:
        raise ExtractError(f"the page has {elements} elements; at most {MAX_ELEMENTS} are read")
    return tree


def _title(tree: HtmlElement, data: list[dict[str, Any]]) -> str:
    """The headline as the page shows it, else as its metadata names it, else the window's title.

    Of the page's headings it is the longest that the window's title repeats: a logo is in there as
    well, but is shorter.
    """
    shown = [one_line(node.text_content()) for node in tree.iter("h1", "h2", "h3")]
    page = one_line(" ".join(tree.xpath("//head//title//text()")))
    named = one_line(" ".join(tree.xpath("//meta[@property='og:title']/@content")))
    site = one_line(" ".join(tree.xpath("//meta[@property='og:site_name']/@content")))
    repeated = [line for line in shown if line != site and (line in page or line in named)]
    if any(repeated):
        return max(repeated, key=len)
    headlines = [one_line(str(item.get("headline") or "")) for item in data]
    first = [one_line(node.text_content()) for node in tree.iter("h1")]
    candidates = [*headlines, _without(named, site), _without(page, site), *first]
    return next((candidate for candidate in candidates if candidate), "")


def _without(title: str, site: str) -> str:
    """`title` without the site's name, which many put behind it."""
    return re.sub(rf"\s*[-|–—_·:]\s*{re.escape(site)}$", "", title) if site else title


def _author(tree: HtmlElement, data: list[dict[str, Any]]) -> str | None:
    for item in data:
        author = item.get("author")
        first = author[0] if isinstance(author, list) and author else author
        name = first.get("name") if isinstance(first, dict) else first
        if isinstance(name, str) and name.strip():
            return one_line(name)[:200]
    named = tree.xpath("//meta[@name='author']/@content") + [
        node.text_content() for node in tree.xpath("//*[@itemprop='author']")
    ]
    return next((one_line(name)[:200] for name in named if name.strip()), None)


def _absolute(url: str, href: str | None) -> str | None:
    try:
        # Cut, since what is longer is no address that a message holds.
        return urljoin(url, visible(href).strip()[:_MAX_ADDRESS]) if href else None
    except ValueError:
        return None


def _body(tree: HtmlElement, title: str) -> str:
    try:
        found = bare_extraction(
            tree,
            fast=True,
            include_comments=False,
            favor_precision=True,
            config=_CONFIG,
        )
    except Exception as error:
        # A page that its parser trips over is the page's fault, and its dead letter says so.
        raise ExtractError(f"the text cannot be told: {type(error).__name__}: {error}") from error
    text = getattr(found, "text", None) or ""
    paragraphs = [one_line(line) for line in text.splitlines() if _WORD.search(line)]
    while paragraphs and (paragraphs[0] == title or _is_dateline(paragraphs[0])):
        paragraphs.pop(0)
    return "\n".join(line for line in paragraphs if not _SIGNATURE.fullmatch(line))


def _is_dateline(line: str) -> bool:
    """A line above the text that tells when, and nothing else."""
    return len(line) <= _DATELINE and not _SENTENCE.search(line) and bool(dates.parse(line, UTC))


def _short_texts() -> ConfigParser:
    """trafilatura takes less than 250 characters for no article; a Chinese one may have 100."""
    config = deepcopy(DEFAULT_CONFIG)
    config["DEFAULT"]["MIN_EXTRACTED_SIZE"] = "40"
    return config


_CONFIG: Final = _short_texts()
