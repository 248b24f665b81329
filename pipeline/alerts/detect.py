"""Whether the windows of one subject surge, why not where they do not, and until when they did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import numpy as np

from pipeline.alerts import exchanges, profile, surge
from pipeline.alerts.burning import Burning
from pipeline.alerts.coverage import Coverage
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import PER_DAY, PER_HOUR, Exposure, Usual, learn
from pipeline.alerts.verdicts import Look, Reason, Verdict
from pipeline.alerts.windows import (
    BUCKET,
    Series,
    Span,
    bucket_of,
    bucket_start,
    bucket_start_of,
    in_spans,
    ordinary_days,
)

# What all news says of weekends and holidays is worth so many days of a series' own.
_PRIOR_DAYS: Final = 10


@dataclass
class Detector:
    """One subject under one rule. It knows what it is given and asks nobody.

    An issuer surges as a whole, or within one topic: what is much for a topic of a busy issuer is
    little for the issuer.
    """

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
    # How much of the news was watched when.
    coverage: Coverage = field(default_factory=Coverage)
    # Negative and positive stories of each day since 1970, for a slow burn.
    net: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    # How often which reason was given.
    reasons: Counter[Reason] = field(default_factory=Counter)
    # End, length and topic of windows that may have come near a surge.
    near: list[tuple[datetime, timedelta, str | None]] = field(default_factory=list)
    _within: dict[str, Series] = field(init=False, repr=False)
    _days: dict[int, "_Day"] = field(init=False, default_factory=dict, repr=False)
    burning: Burning = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._within = self.series.within_topics()
        self.burning = Burning(self.rule.slow_burn, self.net, self._exposures_before)

    def scan(self, ends: Sequence[datetime]) -> list[Verdict]:
        """The surging windows among those that end at `ends`, which are in order of time."""
        found: list[Verdict] = []
        for end in ends:
            # Only a story more can make a window surge.
            topics = {story.topic for story in self.series.between(end - BUCKET, end)}
            within = [] if self._day(end).cold else sorted(self._within.keys() & topics)
            verdicts = [
                self._judge(end, window, topic)
                for topic in (None, *within)
                for window in self._windows(end)
            ]
            surging = [verdict for verdict in verdicts if isinstance(verdict, Verdict)]
            self.reasons.update(v.reason if isinstance(v, Verdict) else v for v in verdicts)
            self.apart += [verdict.span for verdict in surging[:1]]
            found += surging
        return found

    def looks(self, end: datetime) -> list[Look]:
        """Every window that ends there and holds a story, of the subject and of its topics."""
        topics = (None, *([] if self._day(end).cold else self._within))
        return [
            self.look(end, window, topic)
            for topic in topics
            for window in self._windows(end)
            if self._series(topic).counted(end - window, end)
        ]

    def days_before(self, end: datetime) -> int:
        """Ordinary days that a window ending there is compared with."""
        return len(self._day(end).ordinary)

    def usual(self, end: datetime) -> Usual:
        """What the whole subject is compared with there."""
        return self._usual(self._day(end), None)

    def over_at(self, last_end: datetime, until: datetime) -> datetime | None:
        """When every window had been below the clear threshold for the cool-down.

        `last_end` is the end of a surging window; None: that was not so by `until`.
        """
        elevated = end = last_end
        while end < until:
            end += BUCKET
            if self._is_elevated(end):
                elevated = end
            elif end - elevated >= self.rule.cool_down:
                return end
        return None

    def go_on(self, covered: AbstractSet[date], prior: Numbers, coverage: Coverage) -> None:
        """Judge by what is known at a later time."""
        self.covered, self.prior, self.coverage = covered, prior, coverage
        self._days.clear()

    def _windows(self, end: datetime) -> tuple[timedelta, ...]:
        cold = self._day(end).cold
        return (self.rule.cold_start.window,) if cold else self.rule.windows

    def _day(self, end: datetime) -> "_Day":
        """What the windows that end on one day are compared with."""
        day = (bucket_of(end) - 1) // PER_DAY
        if day not in self._days:
            days = ordinary_days(day, self.rule, self.covered)
            cold = len(days) < self.rule.baseline_days
            self._days[day] = _Day(days, self._exposure(day, days), cold)
        return self._days[day]

    def _usual(self, day: "_Day", topic: str | None) -> Usual:
        if topic not in day.usual:
            lengths = [window // BUCKET for window in self._lengths]
            apart = [(bucket_of(span.start), bucket_of(span.end)) for span in self.apart]
            series, least = self._series(topic), self.rule.min_stories
            usual = learn(series, day.exposure, day.ordinary, lengths, least, apart)
            if topic is not None:
                # How wildly news comes is the issuer's nature too, of which more is seen.
                wild = (usual.stretch + self._usual(day, None).stretch) / 2
                usual = replace(usual, stretch=wild)
            if day.cold:
                usual = replace(usual, stretch=max(usual.stretch, surge.UNKNOWN_STRETCH))
            day.usual[topic] = usual
        return day.usual[topic]

    def _series(self, topic: str | None) -> Series:
        return self.series if topic is None else self._within[topic]

    @property
    def _lengths(self) -> list[timedelta]:
        return sorted({*self.rule.windows, self.rule.cold_start.window})

    def _exposure(self, day: int, days: Sequence[int]) -> Exposure:
        """By the hours of the ordinary `days` and of those behind them, as far as watched."""
        start, end = min([day * PER_DAY, *days]) // PER_HOUR, (day + 1) * PER_DAY // PER_HOUR
        hours = np.arange(start, end)
        cells = exchanges.cells_between(start, end, self.market)
        ordinary = np.isin(hours * PER_HOUR // PER_DAY * PER_DAY, days)
        shares = self.coverage.shares(hours)
        counts = self.series.counts(hours * PER_HOUR, (hours + 1) * PER_HOUR)
        usual = ordinary & ~in_spans(hours, self.apart)
        factors = profile.learn(counts * usual, usual * shares, cells, self.prior, _PRIOR_DAYS)
        behind = hours * PER_HOUR >= max(days, default=0) + PER_DAY
        return Exposure.of_hours(start, factors[cells] * shares * (ordinary | behind))

    def _baseline(self, end: datetime, window: timedelta, topic: str | None) -> surge.Baseline:
        day = self._day(end)
        bounds = np.array([[bucket_of(end - window)], [bucket_of(end)]])
        exposure = float(day.exposure.between(*bounds)[0])
        return self._usual(day, topic).baseline(window // BUCKET, exposure)

    def _is_elevated(self, end: datetime) -> bool:
        """Whether any window that ends there, or a slow burn, keeps an open alert going."""
        if self.burning.goes_on(bucket_of(end) // PER_DAY):
            return True
        cold = self._day(end).cold
        return any(
            self._keeps_going(end, window, topic)
            for topic in (None, *([] if cold else self._within))
            for window in self._windows(end)
        )

    def _keeps_going(self, end: datetime, window: timedelta, topic: str | None) -> bool:
        observed = len(self._series(topic).counted(end - window, end))
        if observed < self.rule.clear_stories:
            return False
        if self._day(end).cold:
            return True
        p_value = surge.p_value(observed, self._baseline(end, window, topic))
        return p_value < self.rule.clear_alpha

    def look(self, end: datetime, window: timedelta, topic: str | None = None) -> Look:
        """One window as it is judged, of the subject or of one of its topics."""
        judged = self._judge(end, window, topic)
        observed = len(self._series(topic).counted(end - window, end))
        baseline, cold = self._baseline(end, window, topic), self._day(end).cold
        least = self._least(cold)
        return Look(
            end=end,
            window=window,
            topic=topic,
            observed=observed,
            publishers=self.publishers(end, window, topic),
            baseline=baseline,
            threshold=least if cold else surge.threshold(self._alpha(topic), least, baseline),
            p_value=surge.p_value(observed, baseline),
            reason=judged.reason if isinstance(judged, Verdict) else judged,
        )

    def _exposures_before(self, day: int) -> Numbers:
        """Of each of the look_back_days before one, by all of them that were covered."""
        days = np.arange(day - self.rule.look_back_days, day) * PER_DAY
        covered = [one for one in days.tolist() if bucket_start_of(one).date() in self.covered]
        if not covered:
            return np.zeros(len(days))
        return self._exposure(day, covered).between(days, days + PER_DAY)

    def _alpha(self, topic: str | None) -> float:
        """The p-value from which on nothing surges."""
        return self.rule.alpha if topic is None else self.rule.alpha_within

    def _least(self, cold: bool) -> int:
        """Stories below which nothing surges."""
        rule = self.rule
        return max(rule.min_stories, rule.cold_start.stories) if cold else rule.min_stories

    def publishers(self, end: datetime, window: timedelta, topic: str | None = None) -> int:
        """Owners of the publishers of a window's stories."""
        within = self._series(topic).between(end - window, end)
        return len(set(chain.from_iterable(self.owners.get(s.story_id, ()) for s in within)))

    def _judge(self, end: datetime, window: timedelta, topic: str | None) -> Verdict | Reason:
        """The verdict where the window surges, the reason where it does not."""
        rule, cold, series = self.rule, self._day(end).cold, self._series(topic)
        within = series.between(end - window, end)
        observed = len(series.counted(end - window, end))
        stories = self._least(cold)
        if observed < stories:
            if observed == stories - 1:
                self.near.append((end, window, topic))
            return Reason.TOO_FEW_STORIES
        publishers = self.publishers(end, window, topic)
        if publishers < (rule.cold_start.publishers if cold else rule.min_publishers):
            self.near.append((end, window, topic))
            return Reason.TOO_FEW_PUBLISHERS
        baseline = self._baseline(end, window, topic)
        p_value = surge.p_value(observed, baseline)
        alpha = self._alpha(topic)
        if p_value >= alpha and not cold:
            if p_value < surge.NEARLY * alpha:
                self.near.append((end, window, topic))
            return Reason.USUAL
        return Verdict(
            reason=Reason.COLD_START if cold else Reason.SURGING,
            span=Span(bucket_start(within[0].at), end),
            window=window,
            observed=observed,
            publishers=publishers,
            baseline=baseline,
            threshold=stories if cold else surge.threshold(alpha, stories, baseline),
            p_value=p_value,
            severity=rule.severity_of(observed, p_value),
            topic=topic,
        )


@dataclass(frozen=True)
class _Day:
    """What the windows of one day are compared with."""

    # First buckets of the days before.
    ordinary: Sequence[int]
    exposure: Exposure
    # Whether there is too little history for it.
    cold: bool
    # By topic within an issuer; None: the whole series.
    usual: dict[str | None, Usual] = field(default_factory=dict)
