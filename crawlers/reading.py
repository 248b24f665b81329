"""What strangers wrote, read: a page to an article, a list to its entries. Knows no network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from zoneinfo import ZoneInfo

from crawlers.decode import decode
from crawlers.extract import Extract, ExtractError, extract
from crawlers.spiders import feed, listing, sitemap
from crawlers.spiders.lists import ListError, Lists, Page

Kind = Literal["article", "feed", "sitemap", "listing"]

_LISTS: Final[Mapping[str, Callable[[Page], Lists]]] = {
    "feed": feed.read,
    "sitemap": sitemap.read,
    "listing": listing.read,
}
_PAGES: Final = (
    "text/html",
    "application/xhtml+xml",
    "text/plain",
    "application/xml",
    "text/xml",
    "",
)


@dataclass(frozen=True)
class Question:
    """What came, and what it should be."""

    kind: Kind
    page: Page


@dataclass(frozen=True)
class Answer:
    """What it is: one of these."""

    article: Extract | None = None
    lists: Lists | None = None
    # Why it is neither.
    cause: str | None = None


def answer(question: Question) -> Answer:
    """Read it. Whatever it breaks is its own fault, and the answer's cause."""
    try:
        if question.kind == "article":
            return Answer(article=_article(question.page))
        return Answer(lists=_LISTS[question.kind](question.page))
    except (ExtractError, ListError) as error:
        return Answer(cause=str(error)[:2_000])
    except Exception as error:
        return Answer(cause=f"{type(error).__name__}: {error}"[:2_000])


def _article(page: Page) -> Extract:
    kind, _, rest = page.content_type.partition(";")
    if kind.strip().lower() not in _PAGES:
        raise ExtractError(f"a page of type {kind.strip()[:100]} is not read")
    _, found, charset = rest.partition("charset=")
    declared = charset.strip(" \"'") if found else None
    return extract(decode(page.body, declared), page.url, ZoneInfo(page.zone))
