"""What a feed, a sitemap or a page of links holds."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urljoin

from crawlers.dates import When
from crawlers.decode import visible
from crawlers.pages import Listed
from pipeline.messages import MessageError, canonical_address
from pipeline.sources import Links

# Of one list; the largest sitemaps hold 50,000. What is beyond is old, since lists begin with what
# is new, or a list that never ends.
MAX_ENTRIES: Final = 5_000
# No article's address is longer, and no message holds a longer one.
_MAX_URL: Final = 2_000


class ListError(ValueError):
    """A feed, sitemap or list cannot be read; the text says why."""


@dataclass(frozen=True)
class Page:
    """What was fetched, and what its source's file says of it."""

    # After redirects.
    url: str
    # As the header says: type and, if told, charset.
    content_type: str
    body: bytes
    # Name of the zone of dates that are written without one.
    zone: str
    links: Links = field(default_factory=Links)
    # Whether the next page of the list may be read.
    deeper: bool = False
    # Articles older than this are of no interest; None: all are.
    oldest: datetime | None = None


@dataclass(frozen=True)
class Lists:
    """What one list holds."""

    entries: tuple[Listed, ...] = ()
    # Further lists to read: the sitemaps of an index.
    inside: tuple[str, ...] = ()
    # The next page of the list, read only while pages bring something new.
    following: str | None = None
    # Links left out because they are no address at all.
    broken: tuple[str, ...] = ()


def absolute(base: str, link: str) -> str | None:
    """The address a list's link leads to; None where it is none, such as `http://[x`."""
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return None


def listed(url: str, stamp: str, when: When | None) -> Listed | None:
    """An entry of a list; None for what is no http(s) address.

    `stamp` is whatever on the list changes when the page does.
    """
    if len(url) > _MAX_URL:
        return None
    try:
        key = canonical_address(url)
    except MessageError:
        return None
    digest = hashlib.sha256(stamp.encode("utf-8", "replace")).hexdigest()
    return Listed(key, url, digest, when.at if when else None, when.exact if when else True)


def shown(link: str) -> str:
    """A broken link as it can be told."""
    return visible(link)[:200]
