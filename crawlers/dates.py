"""When an article was published, as pages and feeds write it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final

from lxml.html import HtmlElement

_META_NAMES: Final = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_time",
    "parsely-pub-date",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date",
    "date",
)
# How a date stands in running text: 2026年11月20日 14:03, 2026-11-20 14:03:27, 2026/11/20.
_DIGITS: Final = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?"
    r"(?:[\sT]*(?P<H>\d{1,2})[:：.时](?P<M>\d{2})(?:[:：.](?P<S>\d{2}))?)?"
)
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_MONTH: Final = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_CLOCK: Final = (
    r"(?:\D{1,6}(?P<H>\d{1,2})[:.](?P<M>\d{2})(?:[:.](?P<S>\d{2}))?\s*(?P<half>[ap]\.?m)?)?"
)
_WORDS: Final = (
    re.compile(rf"(?P<d>\d{{1,2}})\s+{_MONTH}\s+(?P<y>\d{{4}}){_CLOCK}", re.IGNORECASE),
    re.compile(rf"{_MONTH}\s+(?P<d>\d{{1,2}}),?\s+(?P<y>\d{{4}}){_CLOCK}", re.IGNORECASE),
)
# RFC 822, as RSS has it; its parser would make something of many other texts too.
_MAIL: Final = re.compile(r"(?:[A-Za-z]{3,9},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{2,4}\s+\d{1,2}:\d{2}")
_ARTICLE_TYPES: Final = re.compile(r"(Article|Posting|Report|NewsArticle)$")
# A line that holds a date and little else; longer ones are sentences that mention one.
_DATE_LINE: Final = 80


@dataclass(frozen=True)
class When:
    """A date found somewhere."""

    at: datetime
    # Whether a time of day was given; without one `at` is that day's first moment.
    exact: bool


def parse(text: str, zone: tzinfo) -> When | None:
    """The first date in `text`, in UTC; `zone` is that of dates written without one."""
    text = text.strip()[:200]
    if not text:
        return None
    return _iso(text, zone) or _mail(text, zone) or _written(text, zone)


def _iso(text: str, zone: tzinfo) -> When | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _when(found, zone, exact=len(text) > len("2026-11-20"))


def _mail(text: str, zone: tzinfo) -> When | None:
    if not _MAIL.match(text):
        return None
    try:
        return _when(parsedate_to_datetime(text), zone, exact=True)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _written(text: str, zone: tzinfo) -> When | None:
    for pattern in (_DIGITS, *_WORDS):
        match = pattern.search(text)
        if not match:
            continue
        part = match.groupdict()
        month = part.get("m") or _MONTHS.index(part["month"].lower()) + 1
        hour = int(part["H"] or 0)
        if half := part.get("half"):
            hour = hour % 12 + (12 if half[0] in "pP" else 0)
        try:
            found = datetime(  # noqa: DTZ001 - the zone is given below
                int(part["y"]),
                int(month),
                int(part["d"]),
                hour,
                int(part["M"] or 0),
                int(part["S"] or 0),
            )
        except ValueError:
            continue
        return _when(found, zone, exact=part["H"] is not None)
    return None


def _when(found: datetime, zone: tzinfo, *, exact: bool) -> When | None:
    if not 1990 <= found.year < 2200:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=zone)
    return When(aware.astimezone(UTC), exact)


def published(tree: HtmlElement, zone: tzinfo) -> When | None:
    """When the page says it was published: the first exact date of its best places.

    `tree` has no comments and related stories left in it: their dates are others'.
    """
    inexact: When | None = None
    for text in _candidates(tree):
        when = parse(text, zone)
        if when and when.exact:
            return when
        inexact = inexact or when
    return inexact


def _candidates(tree: HtmlElement) -> Iterator[str]:
    for item in linked_data(tree):
        if isinstance(item.get("datePublished"), str):
            yield item["datePublished"]
    metas = {
        str(meta.get("property") or meta.get("name") or meta.get("itemprop")).lower(): meta
        for meta in tree.iter("meta")
    }
    yield from (metas[name].get("content") or "" for name in _META_NAMES if name in metas)
    for node in tree.xpath("//*[@itemprop='datePublished']"):
        yield node.get("content") or node.get("datetime") or node.text_content()
    yield from (str(node.get("datetime")) for node in tree.xpath("//time[@datetime]"))
    for node in tree.xpath(
        "//*[contains(@class,'date') or contains(@class,'time') or contains(@class,'stamp') "
        "or contains(@class,'pub') or contains(@id,'date') or contains(@id,'time')]"
    ):
        line = node.text_content().strip()
        if len(line) <= _DATE_LINE:
            yield line


def linked_data(tree: HtmlElement) -> list[dict[str, Any]]:
    """What the page's JSON-LD says of articles; broken or foreign data is no error."""
    found: list[dict[str, Any]] = []
    for node in tree.xpath("//script[@type='application/ld+json']"):
        try:
            data = json.loads(node.text or "")
        except (ValueError, RecursionError):
            continue
        roots = data if isinstance(data, list) else [data]
        for root in roots:
            graph = root.get("@graph") if isinstance(root, dict) else None
            items = graph if isinstance(graph, list) else [root]
            found += [item for item in items if isinstance(item, dict) and _is_article(item)]
    return found


def _is_article(item: dict[str, Any]) -> bool:
    kinds = item.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(name, str) and _ARTICLE_TYPES.search(name) for name in names)
