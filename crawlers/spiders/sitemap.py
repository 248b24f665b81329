"""XML sitemaps: plain, news, gzipped, and indexes of them."""

import zlib
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import lxml.etree

from crawlers.dates import parse
from crawlers.pages import Listed
from crawlers.settings import DOWNLOAD_MAXSIZE
from crawlers.spiders.lists import MAX_ENTRIES, ListError, Lists, Page, listed

_GZIP: Final = b"\x1f\x8b\x08"
# A `lastmod` is often a day without a time.
_A_DAY: Final = timedelta(days=1)
_WITH_GZIP_HEADER: Final = 16 + zlib.MAX_WBITS


def read(page: Page) -> Lists:
    """Every address is an article; it changed when its `lastmod` did.

    Articles that last changed before the page's `oldest` are left out. Raises ListError where it is
    no sitemap.
    """
    root = _parse(page.body)
    kind = lxml.etree.QName(root).localname
    # Many a sitemap begins with what is oldest.
    items = sorted(root, key=lambda item: _text(item, "lastmod"), reverse=True)[:MAX_ENTRIES]
    if kind == "sitemapindex":
        return Lists(inside=tuple(url for item in items if (url := _text(item, "loc"))))
    if kind != "urlset":
        raise ListError(f"this is no sitemap but <{kind}>")
    zone = ZoneInfo(page.zone)
    entries = [_entry(item, zone) for item in items if not _is_old(item, zone, page.oldest)]
    return Lists(tuple(entry for entry in entries if entry))


def _entry(item: lxml.etree._Element, zone: tzinfo) -> Listed | None:
    # News sitemaps say when; `lastmod` is no date of publication.
    published = parse(_text(item, "publication_date"), zone)
    return listed(_text(item, "loc"), _text(item, "lastmod"), published)


def _is_old(item: lxml.etree._Element, zone: tzinfo, oldest: datetime | None) -> bool:
    changed = parse(_text(item, "lastmod"), zone)
    return oldest is not None and changed is not None and changed.at < oldest - _A_DAY


def _parse(body: bytes) -> lxml.etree._Element:
    # Nothing that a document names is loaded or expanded.
    parser = lxml.etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        if body.startswith(_GZIP):
            body = _unpacked(body)
        root = lxml.etree.fromstring(body, parser)
    except (lxml.etree.LxmlError, zlib.error, ValueError) as error:
        raise ListError(f"this is no sitemap: {error}") from error
    if root is None:
        raise ListError("this is no sitemap: it is empty")
    return root


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(_WITH_GZIP_HEADER)
    unpacked = unpacking.decompress(body, DOWNLOAD_MAXSIZE)
    if unpacking.unconsumed_tail:
        raise ListError(f"this is no sitemap: it unpacks to more than {DOWNLOAD_MAXSIZE} bytes")
    return unpacked


def _text(item: lxml.etree._Element, name: str) -> str:
    """The text of the first element of this name below `item`, in whatever namespace."""
    return (item.findtext(f".//{{*}}{name}") or "").strip()
