"""What the windows of one day are compared with: the days before, hour by hour.

Time is counted in five-minute buckets since 1970, UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts import surge
from pipeline.alerts.surge import Baseline, Level, Numbers

Buckets = NDArray[np.int64]

PER_HOUR: Final = 12
PER_DAY: Final = 24 * PER_HOUR
_HALF_DAY: Final = PER_DAY // 2


class Counted(Protocol):
    """A series of counts."""

    def counts(self, starts: Buckets, ends: Buckets) -> Numbers:
        """The count of each span, from its start to just before its end."""
        ...

    def ends_between(self, start: int, end: int) -> Buckets:
        """Ends of the buckets from `start` to `end` in which something was counted."""
        ...


@dataclass(frozen=True)
class Exposure:
    """How much news is expected when, in days: an hour like any other has one 24th of one."""

    first: int
    # Up to the beginning of each bucket from `first` on.
    _total: Numbers

    @classmethod
    def of_hours(cls, first_hour: int, hourly: Numbers) -> "Exposure":
        """From the factor of each hour, which is 0 where nobody watched."""
        per_bucket = np.repeat(hourly, PER_HOUR) / PER_DAY
        return cls(first_hour * PER_HOUR, np.concatenate([[0.0], np.cumsum(per_bucket)]))

    def between(self, starts: Buckets, ends: Buckets) -> Numbers:
        """Exposure of each span; what lies before the beginning has none."""
        last = len(self._total) - 1
        found: Numbers = (
            self._total[np.clip(ends - self.first, 0, last)]
            - self._total[np.clip(starts - self.first, 0, last)]
        )
        return found


@dataclass(frozen=True)
class Usual:
    """What is usual for one series, by the length of a window in buckets."""

    levels: Mapping[int, Level]
    # See surge.Baseline.
    stretch: float
    days: int

    def baseline(self, window: int, exposure: float) -> Baseline:
        """What to expect of one window with that exposure."""
        level = self.levels[window]
        return Baseline(level.mean(exposure), level.size, self.days, self.stretch)

    def surprises(
        self, counted: Counted, exposure: Exposure, ends: Buckets, window: int, least: int
    ) -> Numbers:
        """Of the windows that end there; 0 for one with fewer than `least`."""
        counts = counted.counts(ends - window, ends)
        surprises = self.levels[window].surprise(counts, exposure.between(ends - window, ends))
        found: Numbers = np.where(counts >= least, surprises, 0.0)
        return found


def learn(
    counted: Counted,
    exposure: Exposure,
    days: Sequence[int],
    windows: Sequence[int],
    least: int,
    apart: Sequence[tuple[int, int]] = (),
) -> Usual:
    """What the ordinary `days`, each by its first bucket, say of a series.

    Spans `apart` hold earlier surges: no level is learned from them. Windows with fewer than
    `least` cannot ring, and are no peaks either.
    """
    first = np.array(days, dtype=np.int64)
    levels = {}
    for window in windows:
        starts = (first[:, None] + window * np.arange(PER_DAY // window)).ravel()
        for start, end in apart:
            starts = starts[(starts >= end) | (starts + window <= start)]
        ends = starts + window
        levels[window] = surge.fit(counted.counts(starts, ends), exposure.between(starts, ends))
    usual = Usual(levels, 1.0, len(days))
    peaks = _peaks(usual, counted, exposure, first, least)
    return Usual(levels, surge.stretch(peaks), len(days))


def _peaks(
    usual: Usual, counted: Counted, exposure: Exposure, days: Buckets, least: int
) -> Numbers:
    """The largest surprise of each half of the days."""
    peaks = np.zeros((len(days), 2))
    if not len(days):
        return peaks.ravel()
    found = [counted.ends_between(day, day + PER_DAY) for day in days.tolist()]
    ends = np.concatenate(found)
    if len(ends):
        row = np.repeat(np.arange(len(days)), [len(some) for some in found])
        half = (ends - 1 - days[row]) // _HALF_DAY
        for window in usual.levels:
            surprises = usual.surprises(counted, exposure, ends, window, least)
            np.maximum.at(peaks, (row, half), surprises)
    return peaks.ravel()
