"""From a fetched page to Kafka: validate, key, send, and count it as done only at the ack."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

import msgspec
from scrapy.crawler import Crawler

from crawlers.address import same_site, site
from crawlers.dates import When
from crawlers.decode import visible
from crawlers.extract import Extract
from crawlers.health import Tally
from crawlers.pages import Due, Listed, Validators
from crawlers.settings import CONCURRENT_ITEMS
from crawlers.state import State
from pipeline.bus import BusError, Sender
from pipeline.messages import (
    DEAD_TOPIC,
    RAW_TOPIC,
    MessageError,
    RawArticle,
    RefusedArticle,
    article_id,
    canonical_address,
    decode,
    encode,
)
from pipeline.sources import CANARY, Source

Stage = Literal["fetch", "extract", "validate", "publish"]

_RAW_BYTES: Final = 64 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Refusal(Exception):
    """A page that will not be published, at which step, and why."""

    def __init__(self, stage: Stage, cause: str) -> None:
        super().__init__(cause)
        self.stage: Stage = stage
        self.cause = cause


@dataclass(frozen=True)
class Fetched:
    """A page that an article could be made of."""

    due: Due
    # Where it came from after redirects.
    url: str
    extract: Extract
    raw: bytes
    validators: Validators
    fetched_at: datetime


@dataclass(frozen=True)
class Refused:
    """A page that none could be made of."""

    due: Due
    refusal: Refusal
    raw: bytes = b""


def message_of(source: Source, fetched: Fetched) -> RawArticle:
    """The message for a page. Raises Refusal where it is not the source's, or no valid message.

    rel=canonical is believed only within the page's own site: it decides whose article this is. It
    is not believed either where it names the site's front page or a list, as careless templates do
    on every page: all articles would be one.
    """
    check_site(source, fetched.url)
    try:
        url = canonical_address(fetched.url)
        claimed = fetched.extract.canonical
        if claimed and same_site(claimed, fetched.url) and not _is_list(source, claimed):
            url = canonical_address(claimed)
    except MessageError as error:
        raise Refusal("validate", str(error)) from error
    return RawArticle(
        article_id=article_id(url),
        url=url,
        source_id=source.source_id,
        publisher=source.publisher,
        kind=source.kind_of(url),
        title=fetched.extract.title,
        body=fetched.extract.body,
        lang_hint=fetched.extract.language,
        published_at=published_at(fetched.extract.published, fetched.due.listed),
        fetched_at=fetched.fetched_at,
        origin="canary" if source.source_id == CANARY else "live",
        rights=source.rights,
    )


def _is_list(source: Source, url: str) -> bool:
    """Whether an address is that of a front page or of one of the source's lists."""
    address = canonical_address(url)
    front = urlsplit(address).path == "/" and not urlsplit(address).query
    return front or address in {canonical_address(listed) for listed in source.urls}


def check_site(source: Source, url: str) -> None:
    """Raise Refusal where an address lies on another's site."""
    own = {site(listed) for listed in source.urls} | set(source.sites)
    if site(url) not in own:
        raise Refusal(
            "validate",
            f"{site(url)} is not on the source's sites ({', '.join(sorted(own))}); "
            "if it should be, add it to `sites` in the source's file",
        )


def published_at(page: When | None, listed: Listed) -> datetime | None:
    """The page's date, or the list's where the page has none or no time of day with it."""
    if page and (page.exact or not (listed.published and listed.published_exact)):
        return page.at
    return listed.published


def payload_of(article: RawArticle) -> bytes:
    """The article as bytes that every reader accepts. Raises Refusal with the cause."""
    try:
        payload = encode(article)
    except MessageError as error:
        raise Refusal("publish", str(error)) from error
    try:
        decode(RAW_TOPIC, payload)
    except MessageError as error:
        raise Refusal("validate", str(error)) from error
    return payload


def digest_of(article: RawArticle) -> str:
    """Equal for two fetches of the same content under the same terms."""
    return hashlib.sha256(encode(msgspec.structs.replace(article, fetched_at=_EPOCH))).hexdigest()


class Publisher:
    """Sends what one visit yields and remembers it at the acknowledgement."""

    def __init__(
        self,
        source: Source,
        state: State,
        sender: Sender,
        clock: Callable[[], datetime],
        tally: Tally,
    ) -> None:
        self._source, self._state, self._sender = source, state, sender
        self._clock, self._tally = clock, tally

    async def publish(self, item: Fetched | Refused) -> None:
        """Return when Kafka has it, or has it already.

        Raises BusError where Kafka does not take it; it stays due then.
        """
        if isinstance(item, Refused):
            await self._refuse(item)
            return
        try:
            article = message_of(self._source, item)
            payload = payload_of(article)
        except Refusal as refusal:
            await self._refuse(Refused(item.due, refusal, item.raw))
            return
        content = (article.article_id, digest_of(article))
        if not self._state.is_acknowledged(*content):
            await asyncio.wrap_future(self._sender.send(RAW_TOPIC, article.article_id, payload))
            self._tally.published += 1
        self._state.acknowledged(item.due.listed.key, content, item.validators, self._clock())

    async def _refuse(self, item: Refused) -> None:
        key, cause = item.due.listed.key, item.refusal.cause
        # One dead letter for one fault, however often the page is looked at again.
        if not self._state.was_refused(key, cause):
            letter = RefusedArticle(
                source_id=self._source.source_id,
                url=_sendable(item.due.listed.url),
                stage=item.refusal.stage,
                cause=_sendable(cause) or "no cause given",
                raw=item.raw[:_RAW_BYTES],
                at=self._clock(),
            )
            sent = self._sender.send(DEAD_TOPIC, self._source.source_id, encode(letter))
            await asyncio.wrap_future(sent)
            self._tally.refused += 1
        self._state.refused(key, cause, self._clock())


def _sendable(text: str) -> str:
    return visible(text)[:2_000]


class Gate:
    """What the visits of one crawl share: how many items wait for Kafka at a time."""

    def __init__(self, width: int = CONCURRENT_ITEMS) -> None:
        self._width = width
        self._room = asyncio.Semaphore(width)
        # Failures since the last success, and the last of them.
        self._failures = 0
        self._last = ""

    async def through(self, publish: Callable[[], Awaitable[None]]) -> None:
        """Publish when there is room, and keep the room until it is done.

        Raises BusError where Kafka does not take it; once as many in a row were not taken as wait
        at a time, at once and without asking Kafka.
        """
        async with self._room:
            if self._failures >= self._width:
                raise BusError(self._last)
            try:
                await publish()
            except BusError as error:
                self._failures, self._last = self._failures + 1, str(error)
                raise
            self._failures = 0


class PublishPipeline:
    """Scrapy's item pipeline: hands every item to the visit's Publisher."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way to make one."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Wait for the ack. Where Kafka does not take it the visit ends: more would not help."""
        spider: Any = self._crawler.spider
        visit = spider.visit
        try:
            await visit.gate.through(partial(self._publish, visit, item))
        except BusError as error:
            visit.tally.fail(f"Kafka did not take an article: {error}", broken=True)
            visit.break_off("broken off")
        visit.report()
        return item

    async def _publish(self, visit: Any, item: Fetched | Refused) -> None:
        # What still waited when Kafka refused another stays due.
        if not visit.tally.broken:
            await visit.publisher.publish(item)
