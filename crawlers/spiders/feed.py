"""RSS and Atom feeds."""

import calendar
import io
from datetime import UTC, datetime
from typing import Any

import feedparser
from scrapy.http import Response

from crawlers.dates import When, parse
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import ListError, Lists, absolute, listed


class FeedSpider(SourceSpider):
    """Every entry is an article; it changed when its title, summary or date did."""

    def read(self, response: Response) -> Lists:
        """See SourceSpider."""
        headers = {
            "content-type": (response.headers.get("Content-Type") or b"").decode("latin-1"),
            "content-location": response.url,
        }
        # As a file, since feedparser takes short bytes for a path and opens what lies there. What
        # it would make of HTML is not used.
        feed = feedparser.parse(
            io.BytesIO(response.body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
        if not feed.entries and not feed.get("version"):
            raise ListError("this is no RSS or Atom feed")
        entries = [
            listed(url, _stamp(entry), self._published(entry))
            for entry in feed.entries
            if entry.get("link") and (url := absolute(response, entry.link))
        ]
        return Lists([entry for entry in entries if entry])

    def _published(self, entry: Any) -> When | None:
        """As written, since feedparser takes dates without a zone for UTC."""
        if when := parse(str(entry.get("published") or ""), self.zone):
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
