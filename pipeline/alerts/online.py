"""The surge detector on any series of counts, one value after another.

It learns from the days before and judges by the rule that alerts follow; stories, publishers and
exchanges it knows nothing of. What it says of a value rests on nothing after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts import exchanges, profile
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import PER_DAY, PER_HOUR, Buckets, Exposure, Usual, learn

BUCKET_SECONDS: Final = 300
_HOUR_SECONDS: Final = 3600
_HOURS: Final = 24


@dataclass(frozen=True)
class Values:
    """Counts with the time of each, in order; an hour without any was not watched."""

    # Seconds since 1970, UTC.
    times: Buckets
    values: Numbers
    # Seconds from one value to the next.
    step: float

    @cached_property
    def buckets(self) -> Buckets:
        return self.times // BUCKET_SECONDS

    @cached_property
    def _total(self) -> Numbers:
        """Sum of the values before each."""
        return np.concatenate([[0.0], np.cumsum(self.values)])

    def counts(self, starts: Buckets, ends: Buckets) -> Numbers:
        total, buckets = self._total, self.buckets
        found: Numbers = total[np.searchsorted(buckets, ends)]
        return found - total[np.searchsorted(buckets, starts)]

    def counts_at(self, rows: Buckets, window: int) -> Numbers:
        """What each row's window counts by its time; nothing of the row's bucket that follows."""
        total, buckets = self._total, self.buckets
        found: Numbers = total[rows + 1]
        return found - total[np.searchsorted(buckets, buckets[rows] + 1 - window)]

    def ends_between(self, start: int, end: int) -> Buckets:
        first, last = np.searchsorted(self.buckets, [start, end])
        found = self.buckets[first:last][self.values[first:last] > 0]
        return np.unique(found) + 1


@dataclass(frozen=True)
class Scores:
    """What the detector says of each value."""

    # 0 to 1: 0.5 where a surge begins.
    anomaly: Numbers
    # Whether the series surges, from the first improbable value to the end of its cool-down.
    surge: NDArray[np.bool_]


def judge(series: Values, rule: SurgeRule) -> Scores:
    """Score every value. The first two days have nothing to be compared with and score 0."""
    windows = [
        minutes * 60 // BUCKET_SECONDS
        for minutes in rule.windows_minutes
        if minutes * 60 >= series.step
    ]
    surprises = np.zeros(len(series.values))
    day_of = series.buckets // PER_DAY
    for day in np.unique(day_of).tolist():
        rows = np.flatnonzero(day_of == day)
        surprises[rows] = _judged(series, rule, windows, day, rows)
    alarm = -np.log10(rule.alpha)
    return Scores(surprises / (surprises + alarm), _held(series, surprises, rule))


def _judged(
    series: Values, rule: SurgeRule, windows: Sequence[int], day: int, rows: Buckets
) -> Numbers:
    """Stretched surprise of the values of one day."""
    first = int(series.buckets[0] // PER_DAY)
    # The longest window may reach back into the day before, which therefore is no ordinary one.
    newest = day - 1
    days = [d * PER_DAY for d in range(max(first, newest - rule.baseline_days), newest)]
    if not days or not windows:
        return np.zeros(len(rows))
    exposure = _exposure(series, days, day)
    usual = learn(series, exposure, days, windows, rule.min_stories)
    return _most(series, usual, exposure, rows, rule.min_stories)


def _most(series: Values, usual: Usual, exposure: Exposure, rows: Buckets, least: int) -> Numbers:
    found = np.zeros(len(rows))
    ends = series.buckets[rows] + 1
    for window, level in usual.levels.items():
        counts = series.counts_at(rows, window)
        surprises = level.surprise(counts, exposure.between(ends - window, ends))
        np.maximum(found, np.where(counts >= least, surprises, 0), out=found)
    return found / usual.stretch


def _exposure(series: Values, days: Sequence[int], day: int) -> Exposure:
    """By the hours of the days that are compared with; those of `day` itself are all watched."""
    start, end = days[0] // PER_HOUR, (day + 1) * _HOURS
    hours = np.arange(start, end)
    cells = exchanges.cells(hours, None)
    first, last = np.searchsorted(series.times, [start * _HOUR_SECONDS, end * _HOUR_SECONDS])
    place = series.times[first:last] // _HOUR_SECONDS - start
    part = min(1.0, series.step / _HOUR_SECONDS)
    watched: Numbers = np.minimum(np.bincount(place, minlength=len(hours)) * part, 1.0)
    if series.step > _HOUR_SECONDS:
        watched = np.ones(len(hours))
    past = hours < days[-1] // PER_HOUR + _HOURS
    counts: Numbers = np.bincount(place, series.values[first:last], len(hours)).astype(np.float64)
    factors = profile.learn(counts[past], watched[past], cells[past], profile.flat())
    return Exposure.of_hours(start, factors[cells] * np.where(past, watched, 1.0))


def _held(series: Values, surprises: Numbers, rule: SurgeRule) -> NDArray[np.bool_]:
    """From an alarm on until no window was unusual for the cool-down."""
    alarm, clear = -np.log10(rule.alpha), -np.log10(rule.clear_alpha)
    held = np.zeros(len(surprises), dtype=bool)
    until = -np.inf
    for row in np.flatnonzero(surprises >= min(alarm, clear)).tolist():
        at = series.times[row]
        if surprises[row] >= alarm or at <= until:
            until = at + rule.cool_down_minutes * 60
            held[row : np.searchsorted(series.times, until, side="right")] = True
    return held
