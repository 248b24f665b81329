"""The pulse: a quiet inbox must never look like a dead system."""

from dataclasses import dataclass
from datetime import datetime

from console.reader import Parts, Reader
from console.roster import Watch
from pipeline.alerts.phrases import STALE_AFTER
from pipeline.store import reading
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Pulse


@dataclass(frozen=True)
class Beat:
    """The pulse's figures and the sources behind them, at one time."""

    pulse: Pulse
    watch: Watch
    at: datetime
    # Why the source files cannot be used, if so.
    wrong_sources: str | None

    @property
    def stale(self) -> bool:
        """Whether alerts were not checked within three minutes."""
        checked = self.pulse.checked_at
        return checked is None or self.at - checked > STALE_AFTER


@dataclass(frozen=True)
class Line:
    """The pulse line and the banners under it, in words."""

    checked: str
    newest: str
    sources: str
    open_alerts: int
    stale: bool
    # Full-width, most urgent first.
    banners: tuple[str, ...]


def beat(cursor: Cursor, parts: Parts, at: datetime) -> Beat:
    """Feel the pulse."""
    sources = parts.roster.sources()
    visits = reading.visits(cursor, list(sources), at)
    return Beat(reading.pulse(cursor), parts.roster.watch(visits, at), at, parts.roster.wrong)


def line(found: Beat, reader: Reader) -> Line:
    """The pulse as the reader reads it."""
    say, clock, pulse = reader.words, reader.clock, found.pulse
    checked, newest = pulse.checked_at, pulse.newest_article_at
    return Line(
        checked=say("pulse.checked", time=clock.exact(checked))
        if checked
        else say("pulse.never_checked"),
        newest=say("pulse.newest", age=clock.ago(newest)) if newest else say("pulse.no_article"),
        sources=say("pulse.sources", alive=found.watch.alive, total=len(found.watch.sources)),
        open_alerts=pulse.open_alerts,
        stale=found.stale,
        banners=tuple(_banners(found, reader)),
    )


def _banners(found: Beat, reader: Reader) -> list[str]:
    say, clock, checked = reader.words, reader.clock, found.pulse.checked_at
    banners = []
    if checked is None:
        banners.append(say("pulse.stale_never"))
    elif found.stale:
        banners.append(say("pulse.stale", time=clock.short(checked), age=clock.age(checked)))
    if found.wrong_sources:
        banners.append(say("pulse.wrong_source", cause=found.wrong_sources[:300]))
    elif not found.watch.sources:
        banners.append(say("pulse.no_sources"))
    if found.watch.silent:
        banners.append(reader.phrases.silent(found.watch.silent))
    return banners
