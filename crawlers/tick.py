"""One tick: the visits that are due, made in one process and within its time."""

import asyncio
import contextlib
import importlib
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings as ScrapySettings

from crawlers.address import site
from crawlers.health import crawl_run
from crawlers.reader import Reader
from crawlers.spiders.base import SourceSpider
from crawlers.visit import Visit
from pipeline.bus import BusError
from pipeline.messages import RUNS_TOPIC, CrawlRun, encode
from pipeline.netguard import origin

# A visit longer than this is broken off and goes on at the next tick, lest one large source keep
# the others of its site waiting.
_VISIT_S: Final = 240.0
# A visit is not begun in the last part of a tick: it would only be broken off.
_TOO_LATE: Final = 0.1
# How often a visit that is to end is freed of what still waits for its turn.
_ENDING_S: Final = 1.0


def run_visits(
    visits: Sequence[Visit], allow_origins: frozenset[str], limit: timedelta
) -> list[CrawlRun]:
    """Make these visits, those of one site in turn; their runs, in order of the sources' ids.

    When `limit` is over, visits are broken off and those not begun are not made; what is in flight
    then, a page and its acknowledgement, may take a minute and a half more.
    """
    process = _Process(scrapy_settings(allow_origins), limit.total_seconds())
    runs: list[CrawlRun] = []
    loop = asyncio.get_event_loop()
    process.turns = [loop.create_task(_in_turn(process, group, runs)) for group in by_site(visits)]
    finished = loop.create_task(_stop_after(process))
    process.start(stop_after_crawl=False)
    if finished.done():
        finished.result()
    return sorted(runs, key=lambda run: run.source_id)


class _Process(AsyncCrawlerProcess):
    """Crawlers with an end: that of their time, or a signal that tells them to stop."""

    def __init__(self, settings: ScrapySettings, limit_s: float) -> None:
        super().__init__(settings)
        self._ends = time.monotonic() + limit_s
        self._too_late = _TOO_LATE * limit_s
        self._told_to_stop = False
        # Visits that are being made.
        self.visits: list[Visit] = []
        self.turns: list[asyncio.Task[None]] = []
        self.reader = Reader()

    async def stop(self) -> None:
        """Break the visits off and wait until they are told. What Scrapy does on a signal."""
        self._told_to_stop = True
        for visit in self.visits:
            visit.break_off("told to stop")
        await asyncio.gather(*self.turns, return_exceptions=True)

    @property
    def left_s(self) -> float:
        """Seconds until visits are broken off."""
        return self._ends - time.monotonic()

    @property
    def why_not(self) -> str | None:
        """Why no further visit is begun; None where one may be."""
        if self._told_to_stop:
            return "the crawl was told to stop"
        return "the crawl's time was up" if self.left_s <= self._too_late else None


async def _stop_after(process: _Process) -> None:
    # Importing it earlier would install another reactor than Scrapy's.
    reactor: Any = importlib.import_module("twisted.internet.reactor")

    try:
        await asyncio.gather(*process.turns)
    finally:
        await process.reader.close()
        # It may have been stopped by a signal.
        with contextlib.suppress(RuntimeError):
            reactor.stop()


async def _in_turn(process: _Process, visits: Sequence[Visit], runs: list[CrawlRun]) -> None:
    for visit in visits:
        started_at = visit.clock()
        if why := process.why_not:
            visit.tally.fail(f"not reached, {why}; it stays due", broken=True)
        else:
            await _make(process, visit)
        run = crawl_run(visit.source, visit.tally, started_at, visit.clock())
        runs.append(run)
        # Where Kafka is away the caller still gets the run.
        with contextlib.suppress(BusError):
            await visit.gate.through(partial(_tell, visit, run))


async def _make(process: _Process, visit: Visit) -> None:
    """One visit, at most as long as it may be."""
    visit.begin()
    process.visits.append(visit)
    crawler = process.create_crawler(SourceSpider)
    made = process.crawl(crawler, visit=visit, reader=process.reader)
    over = asyncio.ensure_future(visit.over.wait())
    longest = min(_VISIT_S, process.left_s)
    await asyncio.wait([made, over], timeout=longest, return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    if not made.done():
        if not visit.over.is_set():
            visit.break_off("its time was up")
        await _break_off(crawler, made)
    if error := made.exception():
        visit.tally.fail(f"{type(error).__name__}: {error}", broken=True)
    process.visits.remove(visit)
    visit.end()


async def _break_off(crawler: Crawler, made: asyncio.Task[None]) -> None:
    """End a crawl with what is being downloaded; what waits for its turn is not asked for."""
    stopping = []
    while not made.done():
        # Not yet where a signal came while it was being opened.
        if crawler.engine.running:
            stopping.append(asyncio.ensure_future(crawler.engine.stop_async()))
        # Scrapy itself would still ask for all of these, at the pace of their server.
        for slot in crawler.engine.downloader.slots.values():
            while slot.queue:
                _, answered = slot.queue.popleft()
                answered.errback(IgnoreRequest("the visit is over"))
        await asyncio.wait([made], timeout=_ENDING_S)
    await asyncio.gather(*stopping, return_exceptions=True)


async def _tell(visit: Visit, run: CrawlRun) -> None:
    await asyncio.wrap_future(visit.sender.send(RUNS_TOPIC, run.source_id, encode(run)))


def by_site(visits: Sequence[Visit]) -> list[list[Visit]]:
    """Sources that share a site follow each other, so that together they are no less polite."""
    groups: list[tuple[set[str], list[Visit]]] = []
    for visit in visits:
        sites = {site(url) for url in visit.source.urls} | set(visit.source.sites)
        shared = [group for group in groups if group[0] & sites]
        groups = [group for group in groups if not group[0] & sites]
        together = [earlier for group in shared for earlier in group[1]]
        groups.append((sites.union(*(group[0] for group in shared)), [*together, visit]))
    return [sorted(group, key=visits.index) for _, group in groups]


def scrapy_settings(allow_origins: frozenset[str]) -> ScrapySettings:
    """`crawlers.settings`, and the origins an operator allowed: his own servers, at full speed."""
    settings = ScrapySettings()
    settings.setmodule("crawlers.settings", priority="project")
    own: dict[str, Any] = {
        origin(allowed): {"concurrency": 8, "delay": 0.0, "jitter": 0.0}
        for allowed in allow_origins
    }
    settings.set("CRAWL_ALLOW_ORIGINS", sorted(allow_origins), priority="cmdline")
    settings.set("DOWNLOAD_SLOTS", own, priority="cmdline")
    return settings
