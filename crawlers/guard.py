"""The network guard inside Scrapy: every request's address, and every connection's look-up."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from twisted.internet._resolver import GAIResolver

from crawlers.publish import Refusal, check_site
from pipeline.netguard import AddressInfo, AddressRefused, Guard, origin


class RefusedRequest(IgnoreRequest):
    """A request that may not be made; the text says why."""


@cache
def _guard(allow_origins: frozenset[str]) -> Guard:
    """One guard a process and rule, so that the look-up's refusals reach the request's errback."""
    return Guard(allow_origins)


def guard_of(allow_origins: Iterable[str]) -> Guard:
    """The guard for these exceptions."""
    return _guard(frozenset(allow_origins))


class GuardedResolver:
    """Scrapy's TWISTED_DNS_RESOLVER: a connection is made to what it answers and to nothing else.

    Nothing is kept between look-ups, so a name that changes its address is judged anew.
    """

    def __init__(self, guard: Guard, reactor: Any) -> None:
        self._guard, self._reactor = guard, reactor

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        """Scrapy's way to make one; `crawler` is the whole process' settings holder."""
        return cls(guard_of(crawler.settings.getlist("CRAWL_ALLOW_ORIGINS")), reactor)

    def install_on_reactor(self) -> None:
        """From here on every host name and every literal address goes through the guard."""
        look_up: Any = self._look_up
        self._reactor.installNameResolver(GAIResolver(self._reactor, getaddrinfo=look_up))

    def _look_up(self, *args: Any, **kwargs: Any) -> list[AddressInfo]:
        # Twisted waits for ever where its look-up raises anything but gaierror; no address at all
        # is what it understands, and the guard remembers why.
        try:
            return self._guard.getaddrinfo(*args, **kwargs)
        except (OSError, ValueError):
            return []


class GuardMiddleware:
    """Scrapy's first downloader middleware: sees robots.txt requests and every redirect too.

    Gives each origin a slot of its own, which is what politeness is counted by.
    """

    def __init__(self, guard: Guard, crawler: Crawler) -> None:
        self._guard, self._crawler = guard, crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way to make one."""
        return cls(guard_of(crawler.settings.getlist("CRAWL_ALLOW_ORIGINS")), crawler)

    def process_request(self, request: Request) -> None:
        """Refuse what its address already gives away."""
        try:
            self._guard.check(request.url)
            self._check_site(request)
        except AddressRefused as error:
            raise RefusedRequest(f"{request.url}: {error}") from error
        request.meta["download_slot"] = origin(request.url)
        request.meta["autothrottle_dont_adjust_delay"] = self._guard.allows(request.url)

    def _check_site(self, request: Request) -> None:
        """Keep a source's redirects from asking others in its name.

        Its pages lie on its own sites only. Its feed may be anywhere in public; but what an
        operator allowed is his own network, and open to the sources he put there alone.
        """
        spider: Any = self._crawler.spider
        if "due" in request.cb_kwargs or self._guard.allows(request.url):
            try:
                check_site(spider.visit.source, request.url)
            except Refusal as refusal:
                raise AddressRefused(refusal.cause) from refusal

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Say why a name "could not be resolved" where it was the guard that took its addresses."""
        if isinstance(exception, CannotResolveHostError):
            reason = self._guard.refusal(request.url)
            if reason:
                raise RefusedRequest(f"{request.url}: {reason}") from exception
