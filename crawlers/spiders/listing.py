"""Pages of links, for sites that have neither a feed nor a sitemap."""

import re
from itertools import islice

from parsel import Selector

from crawlers.decode import decode, one_line
from crawlers.pages import Listed
from crawlers.spiders.lists import MAX_ENTRIES, ListError, Lists, Page, absolute, listed, shown


def read(page: Page) -> Lists:
    """Every link that the source's file describes is an article; it changed when its text did.

    Raises ListError where there is none.
    """
    links = page.links
    tree = Selector(text=decode(page.body, None))
    base = absolute(page.url, tree.css("base::attr(href)").get("")) or page.url
    found: dict[str, Listed | None] = {}
    broken: list[str] = []
    for anchor in islice(tree.css(links.css), MAX_ENTRIES):
        href = anchor.attrib.get("href", "")
        url = absolute(base, href)
        if url is None:
            broken.append(shown(href))
        elif re.search(links.pattern, url):
            text = one_line(" ".join(anchor.css("::text").getall()))
            found.setdefault(url, listed(url, text, None))
    entries = tuple(entry for entry in found.values() if entry)
    if not entries:
        raise ListError(f"no link matches css {links.css!r} and pattern {links.pattern!r}")
    older = tree.css(links.next).attrib.get("href") if links.next and page.deeper else None
    following = absolute(base, older) if older else None
    return Lists(entries, following=following, broken=tuple(broken))
