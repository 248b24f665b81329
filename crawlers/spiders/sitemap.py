"""XML sitemaps: plain, news, gzipped, and indexes of them."""

from typing import Final

import lxml.etree
from scrapy.http import Response
from scrapy.utils.gz import gunzip

from crawlers.dates import parse
from crawlers.settings import DOWNLOAD_MAXSIZE
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import ListError, Lists, listed

_GZIP: Final = b"\x1f\x8b\x08"


class SitemapSpider(SourceSpider):
    """Every address is an article; it changed when its `lastmod` did."""

    def read(self, response: Response) -> Lists:
        """See SourceSpider."""
        root = _parse(response.body)
        kind = lxml.etree.QName(root).localname
        if kind == "sitemapindex":
            return Lists(inside=[url for item in root if (url := _text(item, "loc"))])
        if kind != "urlset":
            raise ListError(f"this is no sitemap but <{kind}>")
        entries = [
            listed(
                _text(item, "loc"),
                _text(item, "lastmod"),
                # News sitemaps say when; `lastmod` is no date of publication.
                parse(_text(item, "publication_date"), self.zone),
            )
            for item in root
        ]
        return Lists([entry for entry in entries if entry])


def _parse(body: bytes) -> lxml.etree._Element:
    # Nothing that a document names is loaded or expanded.
    parser = lxml.etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        if body.startswith(_GZIP):
            body = gunzip(body, max_size=DOWNLOAD_MAXSIZE)
        root = lxml.etree.fromstring(body, parser)
    except (lxml.etree.LxmlError, OSError, EOFError, ValueError) as error:
        raise ListError(f"this is no sitemap: {error}") from error
    if root is None:
        raise ListError("this is no sitemap: it is empty")
    return root


def _text(item: lxml.etree._Element, name: str) -> str:
    """The text of the first element of this name below `item`, in whatever namespace."""
    return (item.findtext(f".//{{*}}{name}") or "").strip()
