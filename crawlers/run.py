"""Crawls all due sources of one tick in one process."""

import asyncio
import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings as ScrapySettings

from crawlers.health import crawl_run
from crawlers.publish import Gate
from crawlers.spiders.base import SourceSpider
from crawlers.spiders.feed import FeedSpider
from crawlers.spiders.listing import ListingSpider
from crawlers.spiders.sitemap import SitemapSpider
from crawlers.state import State, lock
from crawlers.visit import Progress, Visit
from pipeline.bus import BusError, Producer, Sender, ensure_topics
from pipeline.messages import RUNS_TOPIC, CrawlRun, encode
from pipeline.netguard import origin
from pipeline.settings import Settings
from pipeline.sources import Source, load_sources

SPIDERS: Final[Mapping[str, type[SourceSpider]]] = {
    "feed": FeedSpider,
    "sitemap": SitemapSpider,
    "listing": ListingSpider,
}

# A tick that comes a moment early must not wait a whole turn.
_NEARLY: Final = 0.9


class CrawlError(Exception):
    """A crawl cannot begin; the message is one sentence for an operator."""


def crawl(
    source_ids: Sequence[str] | None,
    settings: Settings,
    progress: Progress | None = None,
    sender: Sender | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[CrawlRun]:
    """Visit these sources now, or with None all that are due; one run each, told to Kafka as well.

    `sender` defaults to a producer on the Kafka of `settings`. A source that another process is
    visiting is left out. Once in a process: Twisted's reactor does not start a second time. Raises
    CrawlError, SourceError where a source file is wrong, and BusError where no Kafka answers.
    """
    sources = load_sources(settings.source_dirs)
    unknown = sorted(set(source_ids or ()) - set(sources))
    if unknown:
        raise CrawlError(
            f"There is no source {', '.join(unknown)}; there are: {', '.join(sources) or 'none'}."
        )
    chosen = [sources[name] for name in (sources if source_ids is None else source_ids)]
    with ExitStack() as held:
        states = {
            source.source_id: state
            for source in chosen
            if (state := held.enter_context(_state(settings.home, source.source_id)))
        }
        if source_ids is None:
            now = clock()
            chosen = [s for s in chosen if s.source_id in states and _is_due(s, states, now)]
        chosen = [source for source in chosen if source.source_id in states]
        if not chosen:
            return []
        if sender is None:
            ensure_topics(settings.kafka_bootstrap)
            sender = held.enter_context(contextlib.closing(Producer(settings.kafka_bootstrap)))
        watch = progress or (lambda _source_id, _tally: None)
        gate = Gate()
        visits = [Visit(s, states[s.source_id], sender, clock, watch, gate) for s in chosen]
        return run_visits(visits, settings.crawl_allow_origins)


@contextmanager
def _state(home: Path, source_id: str) -> Iterator[State | None]:
    """A source's state, held against other processes; None where one of them has it."""
    folder = home / "crawl"
    with lock(folder / f"{source_id}.lock") as mine:
        if not mine:
            yield None
            return
        with contextlib.closing(State(folder / f"{source_id}.sqlite")) as state:
            yield state


def _is_due(source: Source, states: Mapping[str, State], now: datetime) -> bool:
    last = states[source.source_id].last_visit()
    return last is None or now - last >= _NEARLY * timedelta(minutes=source.schedule)


def run_visits(visits: Sequence[Visit], allow_origins: frozenset[str]) -> list[CrawlRun]:
    """Make these visits, those of one origin in turn; their runs, in order of the sources' ids."""
    process = AsyncCrawlerProcess(scrapy_settings(allow_origins))
    runs: list[CrawlRun] = []
    tasks = [
        asyncio.get_event_loop().create_task(_in_turn(process, group, runs))
        for group in _by_origin(visits)
    ]
    finished = asyncio.get_event_loop().create_task(_stop_after(tasks))
    process.start(stop_after_crawl=False)
    if finished.done():
        finished.result()
    return sorted(runs, key=lambda run: run.source_id)


async def _stop_after(tasks: Sequence[asyncio.Task[None]]) -> None:
    # Importing it earlier would install another reactor than Scrapy's.
    reactor: Any = importlib.import_module("twisted.internet.reactor")

    try:
        await asyncio.gather(*tasks)
    finally:
        # It may have been stopped by a signal.
        with contextlib.suppress(RuntimeError):
            reactor.stop()


async def _in_turn(
    process: AsyncCrawlerProcess, visits: Sequence[Visit], runs: list[CrawlRun]
) -> None:
    for visit in visits:
        crawler = process.create_crawler(SPIDERS[visit.source.kind])
        try:
            await process.crawl(crawler, visit=visit)
        except Exception as error:
            visit.tally.fail(f"{type(error).__name__}: {error}", broken=True)
        run = crawl_run(visit.source, visit.tally, visit.started_at, visit.clock())
        # Where Kafka is away the caller still gets the run.
        with contextlib.suppress(BusError):
            await asyncio.wrap_future(visit.sender.send(RUNS_TOPIC, run.source_id, encode(run)))
        runs.append(run)
        reason = crawler.stats.get_value("finish_reason") if crawler.spider else None
        if reason == "shutdown":
            return


def _by_origin(visits: Sequence[Visit]) -> list[list[Visit]]:
    """Sources of one origin follow each other, so that together they are no less polite."""
    groups: dict[str, list[Visit]] = {}
    for visit in visits:
        groups.setdefault(origin(visit.source.urls[0]), []).append(visit)
    return list(groups.values())


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
