"""Crawls all due sources of one tick in one process."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crawlers import canary
from crawlers.lock import lock
from crawlers.publish import Gate
from crawlers.state import State
from crawlers.tick import run_visits
from crawlers.visit import Progress, Visit
from pipeline.bus import Producer, Sender
from pipeline.messages import CrawlRun
from pipeline.settings import Settings
from pipeline.sources import CANARY, Source, load_sources
from pipeline.topics import ensure_topics

# A tick that comes a moment early must not wait a whole turn: by this share of the schedule, and
# by half the time between two ticks at most.
_NEARLY: Final = 0.1
_HALF_A_TICK: Final = timedelta(minutes=1)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class CrawlError(Exception):
    """A crawl cannot begin; the message is one sentence for an operator."""


def crawl(
    source_ids: Sequence[str] | None,
    settings: Settings,
    progress: Progress | None = None,
    sender: Sender | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    limit: timedelta = timedelta(minutes=5),
    *,
    with_canary: bool = False,
) -> list[CrawlRun]:
    """Visit these sources now, or with None all that are due; one run each, told to Kafka as well.

    When `limit` is over, visits are broken off and those not begun are not made; all of these stay
    due, and those that were not visited for longest come first the next time. `sender` defaults to
    a producer on the Kafka of `settings`. A source that another process is visiting is left out.
    `with_canary` visits the canary too, when its hour has come.
    Once in a process: Twisted's reactor does not start a second time. Raises CrawlError,
    SourceError where a source file is wrong, and BusError where no Kafka answers.
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
        held_now = [source for source in chosen if source.source_id in states]
        if source_ids is None:
            now = clock()
            held_now = [s for s in held_now if is_due(s, states[s.source_id], now)]
        allowed = settings.crawl_allow_origins
        if with_canary and (state := held.enter_context(_state(settings.home, CANARY))):
            site, origin = held.enter_context(canary.served(clock()))
            if is_due(site, state, clock()):
                # Its earlier pages lay on other ports.
                state.forget()
                states[CANARY], allowed = state, allowed | {origin}
                held_now.append(site)
        if not held_now:
            return []
        if sender is None:
            ensure_topics(settings.kafka_bootstrap)
            sender = held.enter_context(contextlib.closing(Producer(settings.kafka_bootstrap)))
        watch = progress or (lambda _source_id, _tally: None)
        gate = Gate()
        visits = [Visit(s, states[s.source_id], sender, clock, watch, gate) for s in held_now]
        visits.sort(key=lambda visit: visit.state.last_visit() or _NEVER)
        return run_visits(visits, allowed, limit)


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


def is_due(source: Source, state: State, now: datetime) -> bool:
    """Whether it is time to visit a source: its own schedule, unless its last visit was broken off.

    A last visit further in the future than that is a clock that was wrong, and nothing to wait for.
    """
    last = state.last_visit()
    if last is None or state.is_unfinished():
        return True
    schedule = timedelta(minutes=source.schedule)
    early = min(_NEARLY * schedule, _HALF_A_TICK)
    return not -schedule < now - last < schedule - early
