"""What every source's crawl does: read its lists, ask for the pages that are due, make items."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.failures import is_final, why
from crawlers.pages import Due, Validators
from crawlers.publish import Fetched, Refusal, Refused, check_site
from crawlers.reader import Reads, VisitReader
from crawlers.reading import Answer, Kind, Question
from crawlers.spiders.lists import Lists, Page, shown
from crawlers.state import MAX_FAILURES
from crawlers.visit import Visit
from pipeline.netguard import AddressRefused

_MAX_LISTS: Final = 200
# What a visit takes note of, and what it asks for: more than the largest source has in its
# `lookback_days`, and little enough to be remembered.
_MAX_LISTED: Final = 20_000
_MAX_PAGES: Final = 10_000
# A server that does not answer so many requests is not asked any more: each may take a minute.
_MAX_MISSED: Final = 5


_NOT_ASKED: Final = "the server says that it did not change, which nobody asked"


@dataclass
class _Reading:
    """Lists of this visit."""

    asked: set[str] = field(default_factory=set)
    open: int = 0
    failed: bool = False


class SourceSpider(Spider):
    """Makes one visit. What a list or a page holds is read by `reader`."""

    def __init__(self, visit: Visit, reader: Reads, **kwargs: Any) -> None:
        super().__init__(name=visit.source.source_id, **kwargs)
        self.visit = visit
        self._reader = VisitReader(reader, visit.give_up)
        self._lists = _Reading()
        self._pages: set[str] = set()
        self._missed_in_a_row = 0

    async def start(self) -> AsyncIterator[Any]:
        """The source's lists; pages follow from what they hold and from what is still due."""
        for url in self.visit.source.urls:
            for request in self._ask_list(url):
                yield request

    def _ask_list(self, url: str) -> Iterator[Request]:
        if url in self._lists.asked or len(self._lists.asked) >= _MAX_LISTS or self._enough():
            return
        self._lists.asked.add(url)
        known = self.visit.state.list_validators(url) if self.visit.lists_complete else Validators()
        try:
            # A list may name any other: only those of the source are read, and what its file names.
            if url not in self.visit.source.urls:
                check_site(self.visit.source, url)
            # Lists first: the newest articles are on them.
            request = self._request(
                url, known, self._list_came, self._list_failed, cb_kwargs={"url": url}, priority=100
            )
        except Refusal as refusal:
            self.visit.tally.fail(f"{url[:200]}: {refusal.cause}")
            return
        except (AddressRefused, ValueError):
            self.visit.tally.fail(f"{shown(url)}: no address of a list")
            return
        self._lists.open += 1
        yield request

    def _request(
        self, url: str, known: Validators, callback: Any, errback: Any, **kwargs: Any
    ) -> Request:
        """A request that is counted. Raises ValueError where `url` is no address."""
        headers = {}
        if known.etag:
            headers["If-None-Match"] = known.etag
        if known.modified:
            headers["If-Modified-Since"] = known.modified
        request = Request(
            url,
            headers=headers,
            callback=callback,
            errback=errback,
            dont_filter=True,
            meta={"handle_httpstatus_list": [304]},
            **kwargs,
        )
        self.visit.tally.requests += 1
        return request

    # ---- lists

    async def _list_came(self, response: Response, url: str) -> AsyncIterator[Any]:
        tally = self.visit.tally
        tally.answered += 1
        if response.status != 304:
            for request in await self._list_read(response, url):
                yield request
        elif _was_conditional(response):
            tally.not_modified += 1
            tally.lists += 1
        else:
            self._lists.failed = True
            tally.fail(f"{url}: {_NOT_ASKED}")
        for item in self._list_done():
            yield item

    async def _list_read(self, response: Response, url: str) -> list[Request]:
        """What to ask for after a list came; nothing where it cannot be read or kept."""
        found = await self._read(response, self.visit.source.kind)
        cause = found.cause if found else "the visit is over"
        if found and found.lists is not None:
            try:
                requests = list(self._remember(url, _validators(response), found.lists))
                self.visit.tally.lists += 1
                return requests
            # A full disk, say: the pages that are due are asked for all the same.
            except sqlite3.Error as error:
                cause = f"it cannot be remembered: {error}"
        self._lists.failed = True
        self.visit.tally.fail(f"{url}: {cause}")
        return []

    async def _read(self, response: Response, kind: Kind) -> Answer | None:
        """What came, as what it should be; None where the source is not read from any more."""
        source = self.visit.source
        page = Page(
            url=response.url,
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
            body=response.body,
            zone=source.zone,
            links=source.links,
            deeper=len(self._lists.asked) < source.links.pages,
            oldest=self.visit.oldest,
        )
        return await self._reader.read(Question(kind, page))

    def _remember(self, url: str, validators: Validators, lists: Lists) -> Iterator[Any]:
        visit = self.visit
        if lists.broken:
            self.logger.warning(
                "%s: links left out that are no address: %d, first %.200r",
                url,
                len(lists.broken),
                lists.broken[0],
            )
        recent = [
            entry
            for entry in lists.entries
            if entry.published is None or entry.published >= visit.oldest
        ]
        if len(recent) > (room := _MAX_LISTED - visit.tally.listed):
            visit.tally.fail(
                f"more than {_MAX_LISTED} articles are listed; the others are left out"
            )
            recent = recent[:room]
            self._lists.failed = True
        visit.tally.listed += len(recent)
        # An index is always read: that it did not change says nothing of the lists inside.
        kept = Validators() if lists.inside else validators
        fresh = visit.state.remember(url, kept, recent, visit.clock())
        for inside in lists.inside:
            yield from self._ask_list(inside)
        # After an interrupted visit what is known at the top says nothing of what is below.
        if lists.following and (fresh or not visit.lists_complete):
            yield from self._ask_list(lists.following)

    def _list_failed(self, failure: Failure) -> Iterator[Any]:
        self._lists.failed = True
        if not self.visit.over.is_set():
            self.visit.tally.answered += 1
            self.visit.tally.fail(f"{failure.request.url}: {why(failure)}")  # type: ignore[attr-defined]
        yield from self._list_done()

    def _list_done(self) -> Iterator[Any]:
        self._lists.open -= 1
        if not self._lists.open and not self._lists.failed:
            self.visit.state.listed_to_the_end()
        yield from self._due()
        self.visit.report()

    # ---- pages

    def _due(self) -> Iterator[Any]:
        visit = self.visit
        if self._enough() or visit.over.is_set():
            return
        for due in visit.state.due(visit.clock(), visit.revisit, _MAX_PAGES + 1):
            # Where no list came, its server is likely down: corrections can wait.
            if due.listed.key in self._pages or (due.revisit and not visit.tally.lists):
                continue
            if self._enough():
                return
            self._pages.add(due.listed.key)
            yield self._ask_page(due)

    def _ask_page(self, due: Due) -> Request | Refused:
        try:
            check_site(self.visit.source, due.listed.url)
            return self._request(
                due.listed.url,
                due.validators,
                self._page_came,
                self._page_failed,
                cb_kwargs={"due": due},
            )
        except Refusal as refusal:
            return Refused(due, refusal)
        except (AddressRefused, ValueError) as error:
            return Refused(due, Refusal("validate", str(error)))

    def _enough(self) -> bool:
        if len(self._pages) >= _MAX_PAGES:
            self.visit.leave_rest(f"{_MAX_PAGES} pages are enough for one visit")
            return True
        return self.visit.page_limit is not None and len(self._pages) >= self.visit.page_limit

    async def _page_came(self, response: Response, due: Due) -> AsyncIterator[Any]:
        visit = self.visit
        visit.tally.answered += 1
        self._missed_in_a_row = 0
        if response.status != 304:
            if found := await self._read(response, "article"):
                yield self._item(response, due, found)
        elif _was_conditional(response) or due.revisit:
            visit.tally.not_modified += 1
            visit.state.still_good(due.listed.key, visit.clock())
        else:
            yield Refused(due, Refusal("fetch", _NOT_ASKED))
        visit.report()

    def _item(self, response: Response, due: Due, found: Answer) -> Fetched | Refused:
        if found.article is None:
            return Refused(due, Refusal("extract", found.cause or "no cause given"), response.body)
        return Fetched(
            due,
            response.url,
            found.article,
            response.body,
            _validators(response),
            self.visit.clock(),
        )

    def _page_failed(self, failure: Failure) -> Iterator[Any]:
        visit = self.visit
        if visit.over.is_set():
            # It was not asked for any more: that says nothing of the page.
            return
        visit.tally.answered += 1
        due: Due = failure.request.cb_kwargs["due"]  # type: ignore[attr-defined]
        if not is_final(failure):
            self._missed(why(failure))
        if due.revisit:
            # The article is published; that its page is gone or slow now takes nothing back.
            visit.state.still_good(due.listed.key, visit.clock())
        elif is_final(failure) or visit.state.failed(due.listed.key, visit.clock()) >= MAX_FAILURES:
            yield Refused(due, Refusal("fetch", why(failure)))
        visit.report()

    def _missed(self, cause: str) -> None:
        tally = self.visit.tally
        tally.missed, tally.missed_because = tally.missed + 1, cause
        self._missed_in_a_row += 1
        if self._missed_in_a_row == _MAX_MISSED:
            self.visit.give_up(f"{_MAX_MISSED} pages in a row did not come")


def _validators(response: Response) -> Validators:
    values = [response.headers.get(name) for name in ("ETag", "Last-Modified")]
    return Validators(*(value.decode("latin-1")[:500] if value else None for value in values))


def _was_conditional(response: Response) -> bool:
    """Whether the server was told of a version that it may say is unchanged."""
    asked = response.request.headers if response.request else {}
    return b"If-None-Match" in asked or b"If-Modified-Since" in asked
