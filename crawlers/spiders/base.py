"""What every source's crawl does: read its lists, ask for the pages that are due, make items."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers.decode import decode
from crawlers.extract import ExtractError, extract
from crawlers.publish import Fetched, Refusal, Refused, check_site
from crawlers.spiders.lists import ListError, Lists
from crawlers.state import MAX_ATTEMPTS, Due, Validators
from crawlers.visit import Visit
from pipeline.netguard import AddressRefused

# Of one list; the largest sitemaps hold 50,000.
_MAX_ENTRIES: Final = 5_000
_MAX_LISTS: Final = 200
_READ: Final = (
    "text/html",
    "application/xhtml+xml",
    "text/plain",
    "application/xml",
    "text/xml",
    "",
)
# Statuses that may pass; others are the page's answer.
_PASSING: Final = {408, 425, 429, 500, 502, 503, 504, 522, 524}


@dataclass
class _Reading:
    """Lists of this visit."""

    asked: set[str] = field(default_factory=set)
    open: int = 0
    failed: bool = False


class SourceSpider(Spider):
    """A subclass says in `read` what a list holds; everything else is here."""

    def __init__(self, visit: Visit, **kwargs: Any) -> None:
        super().__init__(name=visit.source.source_id, **kwargs)
        self.visit = visit
        self.zone = ZoneInfo(visit.source.zone)
        self._lists = _Reading()
        self._pages: set[str] = set()

    def read(self, response: Response) -> Lists:
        """What a list holds. Raises ListError where it cannot be read."""
        raise NotImplementedError

    @property
    def lists_asked(self) -> int:
        """How many lists, or pages of them, this visit has asked for."""
        return len(self._lists.asked)

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
            # Lists first: the newest articles are on them.
            request = self._request(
                url, known, self._list_came, self._list_failed, cb_kwargs={"url": url}, priority=100
            )
        except ValueError as error:
            # An index may name anything; the other lists count all the same.
            self.logger.warning("%.200r is no list's address: %.200r", url, str(error))
            self.visit.tally.fail(f"{url[:200]}: no address of a list")
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

    def _list_came(self, response: Response, url: str) -> Iterator[Any]:
        tally = self.visit.tally
        tally.answered += 1
        if response.status == 304:
            tally.not_modified += 1
            tally.lists += 1
        else:
            try:
                yield from self._remember(url, _validators(response), self.read(response))
                tally.lists += 1
            except ListError as error:
                self._lists.failed = True
                tally.fail(f"{url}: {error}")
            # A list is anyone's text: what it breaks must not keep the pages that are due waiting.
            except Exception as error:
                self._lists.failed = True
                self.logger.exception("%s could not be read", url)
                tally.fail(f"{url}: {type(error).__name__}: {error}")
        yield from self._list_done()

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
            for entry in lists.entries[:_MAX_ENTRIES]
            if entry.published is None or entry.published >= visit.oldest
        ]
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
        if not self.visit.broken_off:
            self.visit.tally.answered += 1
            self.visit.tally.fail(f"{failure.request.url}: {_why(failure)}")  # type: ignore[attr-defined]
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
        for due in visit.state.due(visit.clock(), visit.revisit):
            if due.listed.key in self._pages or self._enough():
                continue
            self._pages.add(due.listed.key)
            try:
                check_site(visit.source, due.listed.url)
                request = self._request(
                    due.listed.url,
                    due.validators,
                    self._page_came,
                    self._page_failed,
                    cb_kwargs={"due": due},
                )
            except Refusal as refusal:
                yield Refused(due, refusal)
            except (AddressRefused, ValueError) as error:
                yield Refused(due, Refusal("validate", str(error)))
            else:
                yield request

    def _enough(self) -> bool:
        return self.visit.page_limit is not None and len(self._pages) >= self.visit.page_limit

    def _page_came(self, response: Response, due: Due) -> Iterator[Any]:
        visit = self.visit
        visit.tally.answered += 1
        if response.status == 304:
            visit.tally.not_modified += 1
            visit.state.still_good(due.listed.key, visit.clock())
        else:
            yield self._item(response, due)
        visit.report()

    def _item(self, response: Response, due: Due) -> Fetched | Refused:
        kind, charset = _content_type(response)
        try:
            if kind not in _READ:
                raise ExtractError(f"a page of type {kind} is not read")
            found = extract(decode(response.body, charset), response.url, self.zone)
        except ExtractError as error:
            return Refused(due, Refusal("extract", str(error)), response.body)
        return Fetched(
            due, response.url, found, response.body, _validators(response), self.visit.clock()
        )

    def _page_failed(self, failure: Failure) -> Iterator[Any]:
        visit = self.visit
        if visit.broken_off:
            # It was not asked for any more: that says nothing of the page.
            return
        visit.tally.answered += 1
        due: Due = failure.request.cb_kwargs["due"]  # type: ignore[attr-defined]
        if due.revisit:
            # The article is published; that its page is gone or slow now takes nothing back.
            visit.state.still_good(due.listed.key, visit.clock())
        elif _final(failure) or visit.state.failed(due.listed.key) >= MAX_ATTEMPTS:
            yield Refused(due, Refusal("fetch", _why(failure)))
        visit.report()


def _validators(response: Response) -> Validators:
    values = [response.headers.get(name) for name in ("ETag", "Last-Modified")]
    return Validators(*(value.decode("latin-1")[:500] if value else None for value in values))


def _content_type(response: Response) -> tuple[str, str | None]:
    raw = (response.headers.get("Content-Type") or b"").decode("latin-1")
    kind, _, rest = raw.partition(";")
    _, found, charset = rest.partition("charset=")
    return kind.strip().lower(), charset.strip(" \"'") if found else None


def _status(failure: Failure) -> int | None:
    """The HTTP status that was the answer, if there was one."""
    error = failure.value
    return error.response.status if isinstance(error, HttpError) else None


def _final(failure: Failure) -> bool:
    """Whether asking again would bring the same."""
    status = _status(failure)
    if status is not None:
        return status not in _PASSING
    return isinstance(failure.value, IgnoreRequest)


def _why(failure: Failure) -> str:
    status = _status(failure)
    if status is not None:
        return f"HTTP {status}"
    text = str(failure.value) or type(failure.value).__name__
    return "robots.txt forbids it" if "robots.txt" in text else text
