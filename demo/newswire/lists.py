"""How each publisher lists its articles: RSS, Atom, a sitemap with its index, pages of links."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from demo.newswire.pages import Answer, Entry, document
from demo.newswire.publishers import PUBLISHERS

ROBOTS: Final = Answer(
    body=b"User-agent: *\nDisallow: /private/\nDisallow: /login\n", content_type="text/plain"
)
_LIST_LENGTH: Final = 20
# What the sitemap of recent articles holds; older ones are in the archive's.
_RECENT: Final = timedelta(days=3)


def lists(
    publisher_id: str, path: str, entries: Sequence[Entry], origin: str, zero: datetime
) -> Answer | None:
    """The feed, sitemap, list or front page at this path; None where there is none.

    `entries` are all of the publisher's, newest first.
    """
    modified = max((entry.updated for entry in entries if entry.updated), default=zero)
    match publisher_id, path:
        case _, "/":
            return _document("front.html", "text/html", modified, publisher_id, entries=entries)
        case ("harbour-ledger", "/feeds/all.rss") | ("nanfang-caixun", "/rss.xml"):
            kind, template = "application/rss+xml", "rss.xml"
        case "south-channel-post", "/atom.xml":
            kind, template = "application/atom+xml", "atom.xml"
        case "meridian-markets", _ if path.startswith("/sitemap"):
            return _sitemap(path, entries, origin, zero, modified)
        case "jinqiao-wang", _ if path.startswith("/list/"):
            return _page(path, entries, modified)
        case _:
            return None
    return _document(
        template,
        kind,
        modified,
        publisher_id,
        origin=origin,
        address=origin + path,
        updated=modified,
        entries=entries,
    )


def _document(
    template: str, kind: str, modified: datetime, publisher_id: str, **values: object
) -> Answer:
    publisher = PUBLISHERS[publisher_id]
    return document(
        template, kind, modified, name=publisher.name, lang=publisher.language, **values
    )


def _sitemap(
    path: str, entries: Sequence[Entry], origin: str, zero: datetime, modified: datetime
) -> Answer | None:
    recent = [e for e in entries if e.published is None or e.published > zero - _RECENT]
    parts = {
        "/sitemap-recent.xml": recent,
        "/sitemap-archive.xml": [entry for entry in entries if entry not in recent],
    }
    if path == "/sitemap.xml":
        addresses = [origin + part for part in parts]
        return document("sitemap-index.xml", "application/xml", modified, sitemaps=addresses)
    if path in parts:
        return document("sitemap.xml", "application/xml", modified, entries=parts[path])
    return None


def _page(path: str, entries: Sequence[Entry], modified: datetime) -> Answer | None:
    """Page 1 is index.shtml, page N is N.shtml."""
    name = path.removeprefix("/list/").removesuffix(".shtml")
    pages = max(1, -(-len(entries) // _LIST_LENGTH))
    number = 1 if name == "index" else int(name) if name.isdecimal() else 0
    if not 1 <= number <= pages:
        return None
    first = (number - 1) * _LIST_LENGTH
    return document(
        "listing.html",
        "text/html; charset=utf-8",
        modified,
        entries=entries[first : first + _LIST_LENGTH],
        number=number,
        newer=f"/list/{number - 1}.shtml" if number > 1 else None,
        older=f"/list/{number + 1}.shtml" if number < pages else None,
    )
