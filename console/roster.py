"""The sources that should be alive, and which of them are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from pipeline.settings import Settings
from pipeline.sources import Source, SourceError, load_sources
from pipeline.store.shapes import Visit

# Seconds for which the source files are not read again.
_FRESH_S: Final = 30.0
# Two visits may be missed, and a visit takes time, before a source counts as silent.
_MISSED_VISITS: Final = 3
_PATIENCE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Watch:
    """How the sources stand at one time."""

    sources: dict[str, Source]
    # By source_id.
    visits: dict[str, Visit]
    at: datetime

    @property
    def alive(self) -> int:
        """How many answered when they should have."""
        return sum(self.is_alive(source_id) for source_id in self.sources)

    @property
    def silent(self) -> list[tuple[str, Visit]]:
        """Those that were visited and no longer answer: publisher's name and last visit."""
        return [
            (source.publisher.name, self.visits[source_id])
            for source_id, source in self.sources.items()
            if self.is_silent(source_id)
        ]

    def is_alive(self, source_id: str) -> bool:
        """Whether it answered within the time of three visits and five minutes."""
        visit = self.visits.get(source_id)
        if visit is None or visit.answered_at is None:
            return False
        limit = _MISSED_VISITS * timedelta(minutes=self.sources[source_id].schedule) + _PATIENCE
        return self.at - visit.answered_at <= limit

    def is_silent(self, source_id: str) -> bool:
        """Whether it was visited, but does not answer; one never visited is only waited for."""
        visit = self.visits.get(source_id)
        return visit is not None and visit.last_at is not None and not self.is_alive(source_id)


class Roster:
    """The sources as their files say, read again every half minute."""

    def __init__(self, settings: Settings) -> None:
        self._dirs = settings.source_dirs
        self._lock = Lock()
        self._read_at = float("-inf")
        self._sources: dict[str, Source] = {}
        # Why the files cannot be used; the sources known before stay.
        self.wrong: str | None = None

    def sources(self) -> dict[str, Source]:
        """By source_id. A wrong file leaves what was known before, and `wrong` says why."""
        with self._lock:
            if time.monotonic() - self._read_at > _FRESH_S:
                self._read_at = time.monotonic()
                try:
                    self._sources, self.wrong = load_sources(self._dirs), None
                except SourceError as error:
                    self.wrong = str(error)
            return self._sources

    def watch(self, visits: Sequence[Visit], at: datetime) -> Watch:
        """How the sources stand, given their last visits."""
        return Watch(self.sources(), {visit.source_id: visit for visit in visits}, at)
