"""Whether the windows of one subject surge, why not where they do not, and until when they did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from uuid import UUID

import numpy as np

from pipeline.alerts import exchanges, profile, surge
from pipeline.alerts.history import PER_DAY, PER_HOUR, Exposure, Usual, learn
from pipeline.alerts.rules import Severity, SurgeRule
from pipeline.alerts.surge import Numbers
from pipeline.alerts.windows import (
    BUCKET,
    Series,
    Span,
    bucket_of,
    bucket_start,
    ordinary_days,
)


class Reason(StrEnum):
    """Why a window surges or does not."""

    SURGING = "surging"
    # Surging by the fixed rule, for want of history.
    COLD_START = "cold_start"
    TOO_FEW_STORIES = "too_few_stories"
    TOO_FEW_PUBLISHERS = "too_few_publishers"
    USUAL = "usual"


@dataclass(frozen=True)
class Verdict:
    """A surging window, and by how much it surges."""

    # surging or cold_start.
    reason: Reason
    # From the first bucket with a story to the end of the window.
    span: Span
    window: timedelta
    # Distinct negative stories, and owners of the publishers that carry them.
    observed: int
    publishers: int
    baseline: surge.Baseline
    # The count from which on such a window surges.
    threshold: int
    p_value: float
    severity: Severity


@dataclass
class Detector:
    """One subject under one rule. It knows what it is given and asks nobody."""

    rule: SurgeRule
    series: Series
    # Days on which any news was seen.
    covered: AbstractSet[date]
    # Owners of the publishers that carry a story; one that is missing has none.
    owners: Mapping[UUID, AbstractSet[str]]
    # Surges found earlier, which no baseline may hold; what is found here is added.
    apart: list[Span]
    # End of the code of its issuer's main security; None: no exchange sets its hours.
    market: str | None = None
    # When news comes by the clock of that exchange (pipeline.alerts.profile).
    prior: Numbers = field(default_factory=profile.flat)
    # How often which reason was given.
    reasons: Counter[Reason] = field(default_factory=Counter)
    _days: dict[int, "_Day"] = field(default_factory=dict, repr=False)

    def scan(self, ends: Sequence[datetime]) -> list[Verdict]:
        """The surging windows among those that end at `ends`, which are in order of time."""
        found: list[Verdict] = []
        for end in ends:
            verdicts = [self._judge(end, window) for window in self._windows(end)]
            surging = [verdict for verdict in verdicts if isinstance(verdict, Verdict)]
            self.reasons.update(v.reason if isinstance(v, Verdict) else v for v in verdicts)
            self.apart += [verdict.span for verdict in surging[:1]]
            found += surging
        return found

    def over_at(self, last_end: datetime, until: datetime) -> datetime | None:
        """When every window had been below the clear threshold for the cool-down.

        `last_end` is the end of a surging window; None: that was not so by `until`.
        """
        elevated = end = last_end
        while end < until:
            end += BUCKET
            if any(self._is_elevated(end, window) for window in self._windows(end)):
                elevated = end
            elif end - elevated >= self.rule.cool_down:
                return end
        return None

    def _windows(self, end: datetime) -> tuple[timedelta, ...]:
        cold = self._day(end).cold
        return (self.rule.cold_start.window,) if cold else self.rule.windows

    def _day(self, end: datetime) -> "_Day":
        """What the windows that end on one day are compared with."""
        day = (bucket_of(end) - 1) // PER_DAY
        if day not in self._days:
            self._days[day] = self._learn(day)
        return self._days[day]

    def _learn(self, day: int) -> "_Day":
        days = ordinary_days(day, self.rule, self.covered)
        lengths = [window // BUCKET for window in self._lengths]
        exposure = self._exposure(day, days)
        apart = [(bucket_of(span.start), bucket_of(span.end)) for span in self.apart]
        usual = learn(self.series, exposure, days, lengths, self.rule.min_stories, apart)
        return _Day(usual, exposure, cold=len(days) < self.rule.baseline_days)

    @property
    def _lengths(self) -> list[timedelta]:
        return sorted({*self.rule.windows, self.rule.cold_start.window})

    def _exposure(self, day: int, days: Sequence[int]) -> Exposure:
        """By the hours of the ordinary `days`; what lies behind them is taken as watched."""
        start, end = min([day * PER_DAY, *days]) // PER_HOUR, (day + 1) * PER_DAY // PER_HOUR
        hours = np.arange(start, end)
        cells = exchanges.cells(hours, self.market)
        ordinary = np.isin(hours * PER_HOUR // PER_DAY * PER_DAY, days)
        counts = self.series.counts(hours * PER_HOUR, (hours + 1) * PER_HOUR) * ordinary
        factors = profile.learn(counts, ordinary.astype(np.float64), cells, self.prior)
        behind = hours * PER_HOUR >= max(days, default=0) + PER_DAY
        return Exposure.of_hours(start, factors[cells] * (ordinary | behind))

    def _count(self, end: datetime, window: timedelta) -> int:
        return len(self.series.counted(end - window, end))

    def _baseline(self, end: datetime, window: timedelta) -> surge.Baseline:
        day = self._day(end)
        bounds = np.array([[bucket_of(end - window)], [bucket_of(end)]])
        exposure = float(day.exposure.between(*bounds)[0])
        return day.usual.baseline(window // BUCKET, exposure)

    def _is_elevated(self, end: datetime, window: timedelta) -> bool:
        """Whether an open alert goes on."""
        observed = self._count(end, window)
        if observed < self.rule.clear_stories:
            return False
        likely = surge.p_value(observed, self._baseline(end, window)) >= self.rule.clear_alpha
        return self._day(end).cold or not likely

    def _judge(self, end: datetime, window: timedelta) -> Verdict | Reason:
        """The verdict where the window surges, the reason where it does not."""
        rule, cold = self.rule, self._day(end).cold
        within = self.series.between(end - window, end)
        observed = self._count(end, window)
        publishers = len(set(chain.from_iterable(self.owners.get(s.story_id, ()) for s in within)))
        stories = max(rule.min_stories, rule.cold_start.stories) if cold else rule.min_stories
        if observed < stories:
            return Reason.TOO_FEW_STORIES
        if publishers < (rule.cold_start.publishers if cold else rule.min_publishers):
            return Reason.TOO_FEW_PUBLISHERS
        baseline = self._baseline(end, window)
        p_value = surge.p_value(observed, baseline)
        if p_value >= rule.alpha and not cold:
            return Reason.USUAL
        return Verdict(
            reason=Reason.COLD_START if cold else Reason.SURGING,
            span=Span(bucket_start(within[0].at), end),
            window=window,
            observed=observed,
            publishers=publishers,
            baseline=baseline,
            threshold=stories if cold else surge.threshold(rule.alpha, stories, baseline),
            p_value=p_value,
            severity=rule.severity_of(observed, p_value),
        )


@dataclass(frozen=True)
class _Day:
    """What the windows of one day are compared with."""

    usual: Usual
    exposure: Exposure
    # Whether there is too little history for it.
    cold: bool
