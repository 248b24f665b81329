"""RSS and Atom feeds."""

import calendar
import io
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import feedparser

from crawlers.dates import When, parse
from crawlers.spiders.lists import MAX_ENTRIES, ListError, Lists, Page, absolute, listed


def read(page: Page) -> Lists:
    """Every entry is an article; it changed when its title, summary or date did.

    Raises ListError where it is no feed.
    """
    headers = {"content-type": page.content_type, "content-location": page.url}
    # As a file, since feedparser takes short bytes for a path and opens what lies there. What it
    # would make of HTML is not used.
    found = feedparser.parse(
        io.BytesIO(page.body),
        response_headers=headers,
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not found.entries and not found.get("version"):
        raise ListError("this is no RSS or Atom feed")
    zone = ZoneInfo(page.zone)
    entries = [
        listed(url, _stamp(entry), _published(entry, zone))
        for entry in found.entries[:MAX_ENTRIES]
        if entry.get("link") and (url := absolute(page.url, entry.link))
    ]
    return Lists(tuple(entry for entry in entries if entry))


def _published(entry: Any, zone: tzinfo) -> When | None:
    """As written, since feedparser takes dates without a zone for UTC."""
    if when := parse(str(entry.get("published") or ""), zone):
        return when
    parsed = entry.get("published_parsed")
    if not parsed:
        return None
    return When(datetime.fromtimestamp(calendar.timegm(parsed), UTC), exact=True)


def _stamp(entry: Any) -> str:
    # Past feedparser's own `get`, which takes one date for the other where one is missing.
    return "\n".join(
        str(dict.get(entry, name, "")) for name in ("title", "summary", "updated", "published")
    )
