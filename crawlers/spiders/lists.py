"""What a feed, a sitemap or a page of links holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from scrapy.http import Response

from crawlers.dates import When
from crawlers.state import Listed
from pipeline.messages import MessageError, canonical_address


class ListError(ValueError):
    """A feed, sitemap or list cannot be read; the text says why."""


@dataclass(frozen=True)
class Lists:
    """What one list holds."""

    entries: Sequence[Listed] = ()
    # Further lists to read: the sitemaps of an index.
    inside: Sequence[str] = ()
    # The next page of the list, read only while pages bring something new.
    following: str | None = None
    # Links left out because they are no address at all.
    broken: Sequence[str] = ()


def absolute(response: Response, link: str) -> str | None:
    """The address a list's link leads to; None where it is none, such as `http://[x`."""
    try:
        return response.urljoin(link)
    except ValueError:
        return None


def listed(url: str, stamp: str, when: When | None) -> Listed | None:
    """An entry of a list; None for what is no http(s) address.

    `stamp` is whatever on the list changes when the page does.
    """
    try:
        key = canonical_address(url)
    except MessageError:
        return None
    digest = hashlib.sha256(stamp.encode("utf-8", "replace")).hexdigest()
    return Listed(key, url, digest, when.at if when else None, when.exact if when else True)
