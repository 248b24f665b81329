"""Pages of links, for sites that have neither a feed nor a sitemap."""

import re

from parsel import Selector
from scrapy.http import Response

from crawlers.decode import decode, one_line
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.lists import ListError, Lists, absolute, listed
from crawlers.state import Listed


class ListingSpider(SourceSpider):
    """Every link that the source's file describes is an article; it changed when its text did."""

    def read(self, response: Response) -> Lists:
        """See SourceSpider."""
        links = self.visit.source.links
        page = Selector(text=decode(response.body, None))
        found: dict[str, Listed | None] = {}
        broken: list[str] = []
        for anchor in page.css(links.css):
            href = anchor.attrib.get("href", "")
            url = absolute(response, href)
            if url is None:
                broken.append(href)
            elif re.search(links.pattern, url):
                text = one_line(" ".join(anchor.css("::text").getall()))
                found.setdefault(url, listed(url, text, None))
        entries = [entry for entry in found.values() if entry]
        if not entries:
            raise ListError(f"no link matches css {links.css!r} and pattern {links.pattern!r}")
        older = page.css(links.next).attrib.get("href") if links.next else None
        more = older and self.lists_asked < links.pages
        following = absolute(response, older) if older and more else None
        return Lists(entries, following=following, broken=broken)
