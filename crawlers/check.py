"""Tries a source out: its lists are read and one article is fetched; nothing is published."""

import tempfile
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crawlers.health import Tally
from crawlers.publish import Gate
from crawlers.state import State
from crawlers.tick import run_visits
from crawlers.visit import Visit
from pipeline.bus import Coordinates
from pipeline.messages import DEAD_TOPIC, RAW_TOPIC, RawArticle, RefusedArticle, decode
from pipeline.settings import Settings
from pipeline.sources import Source, load_source

# An operator waits for it.
_LIMIT: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Checked:
    """What a source's file leads to."""

    source: Source
    # Articles found on the lists that were read.
    listed: int
    # What kept the lists from being read.
    errors: tuple[str, ...]
    # The first article as it would be published, or the dead letter in its place; None where no
    # list named one.
    found: RawArticle | RefusedArticle | None


class _Shown:
    """A sender that sends nothing."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    def send(self, topic: str, key: str, payload: bytes) -> Future[Coordinates]:
        self.messages.append((topic, payload))
        done: Future[Coordinates] = Future()
        done.set_result(Coordinates(topic, 0, len(self.messages) - 1))
        return done

    def flush(self, timeout_s: float) -> None:
        """Nothing is queued."""


def check(path: Path, settings: Settings) -> Checked:
    """Read one source's lists and one of its articles, with no memory of earlier visits.

    Once in a process, as `crawlers.run.crawl`. Raises SourceError where the file is wrong.
    """
    source = load_source(path)
    sender, tally = _Shown(), Tally()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(State(Path(folder) / "check.sqlite")) as state,
    ):
        visit = Visit(
            source,
            state,
            sender,
            clock=lambda: datetime.now(UTC),
            progress=lambda _source_id, _tally: None,
            gate=Gate(),
            page_limit=1,
            tally=tally,
        )
        run_visits([visit], settings.crawl_allow_origins, _LIMIT)
    found = [
        decode(topic, payload)
        for topic, payload in sender.messages
        if topic in {RAW_TOPIC, DEAD_TOPIC}
    ]
    return Checked(source, tally.listed, tuple(tally.errors), found[0] if found else None)
