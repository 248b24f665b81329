"""One visit to one source: what its spider, its pipeline and its closing all work with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crawlers.health import Tally
from crawlers.publish import Gate, Publisher
from crawlers.state import State
from pipeline.bus import Sender
from pipeline.sources import Source

# Called as a visit goes on: the source's id and its counts so far.
Progress = Callable[[str, Tally], None]


@dataclass
class Visit:
    """Made when a source is due; lives from `begin`, before the first request, to the last ack."""

    source: Source
    state: State
    sender: Sender
    clock: Callable[[], datetime]
    progress: Progress
    # Shared by the visits of one crawl.
    gate: Gate
    # At most so many articles are asked for; None for all that are due.
    page_limit: int | None = None
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.source, self.state, self.sender, self.clock, self.tally)
        # Why it was broken off, if it was: the source is due again at once.
        self.broken_off: str | None = None
        self.over = asyncio.Event()

    def begin(self) -> None:
        """Note that it begins; a source whose turn never comes stays as due as it was."""
        self.started_at = self.clock()
        # Whether a list that says "not modified" is believed.
        self.lists_complete = self.state.begin_visit(self.started_at, self.source.digest)

    def break_off(self, why: str) -> None:
        """End it before all that is due was done; only the first reason counts."""
        self.broken_off = self.broken_off or why
        self.over.set()

    def leave_rest(self, why: str) -> None:
        """Do what was begun and no more; the source is due again at once."""
        self.broken_off = self.broken_off or why

    def give_up(self, why: str) -> None:
        """End it because more of it would do harm; the source is due again by its schedule."""
        self.tally.fail(why, broken=True)
        self.over.set()

    def end(self) -> None:
        """Note that it is over, or how much is left for the next one."""
        if self.over.is_set():
            # The others were never asked for.
            self.tally.requests = self.tally.answered
        if missed := self.tally.missed:
            self.tally.fail(
                f"{missed} pages did not come and are asked for again, the last for:"
                f" {self.tally.missed_because}"
            )
        if self.broken_off is None:
            self.state.end_visit()
            return
        waiting = self.state.waiting()
        self.tally.fail(f"{self.broken_off}; {waiting} pages wait for the next visit")

    @property
    def revisit(self) -> timedelta:
        """After how long an acknowledged article is looked at again."""
        return timedelta(minutes=self.source.revisit)

    @property
    def oldest(self) -> datetime:
        """Articles listed with an earlier date are not fetched."""
        return self.started_at - timedelta(days=self.source.lookback_days)

    def report(self) -> None:
        """Tell whoever watches."""
        self.progress(self.source.source_id, self.tally)
