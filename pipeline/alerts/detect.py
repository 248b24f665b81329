"""Whether the windows of one subject surge, why not where they do not, and until when they did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from uuid import UUID

from pipeline.alerts import surge
from pipeline.alerts.rules import Severity, SurgeRule
from pipeline.alerts.windows import (
    BUCKET,
    Series,
    Span,
    bucket_start,
    ordinary_counts,
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
    # How often which reason was given.
    reasons: Counter[Reason] = field(default_factory=Counter)

    def scan(self, ends: Sequence[datetime]) -> list[Verdict]:
        """The surging windows among those that end at `ends`, which are in order of time."""
        found: list[Verdict] = []
        for end in ends:
            days = ordinary_days(end, self.rule, self.covered)
            verdicts = [self._judge(end, window, days) for window in self._windows(days)]
            surging = [verdict for verdict in verdicts if isinstance(verdict, Verdict)]
            self.reasons.update(v.reason if isinstance(v, Verdict) else v for v in verdicts)
            self.apart += [verdict.span for verdict in surging[:1]]
            found += surging
        return found

    def over_at(self, last_end: datetime, until: datetime) -> datetime | None:
        """When every window had been below the clear threshold for the cool-down.

        `last_end` is the end of a surging window; None: that was not so by `until`.
        """
        days = ordinary_days(last_end, self.rule, self.covered)
        limits = {window: self._clear(window, days) for window in self._windows(days)}
        elevated = end = last_end
        while end < until:
            end += BUCKET
            if any(self._count(end, window) >= limit for window, limit in limits.items()):
                elevated = end
            elif end - elevated >= self.rule.cool_down:
                return end
        return None

    def _windows(self, days: Sequence[datetime]) -> tuple[timedelta, ...]:
        return (self.rule.cold_start.window,) if self._cold(days) else self.rule.windows

    def _cold(self, days: Sequence[datetime]) -> bool:
        return len(days) < self.rule.baseline_days

    def _count(self, end: datetime, window: timedelta) -> int:
        return len(self.series.counted(end - window, end))

    def _baseline(self, window: timedelta, days: Sequence[datetime]) -> surge.Baseline:
        counts = ordinary_counts(self.series, days, window, self.apart)
        return surge.fit(counts, window, len(days))

    def _clear(self, window: timedelta, days: Sequence[datetime]) -> int:
        if self._cold(days):
            return self.rule.clear_stories
        baseline = self._baseline(window, days)
        return surge.threshold(self.rule.clear_alpha, self.rule.clear_stories, baseline)

    def _judge(
        self, end: datetime, window: timedelta, days: Sequence[datetime]
    ) -> Verdict | Reason:
        """The verdict where the window surges, the reason where it does not."""
        rule, cold = self.rule, self._cold(days)
        within = self.series.between(end - window, end)
        observed = self._count(end, window)
        publishers = len(set(chain.from_iterable(self.owners.get(s.story_id, ()) for s in within)))
        stories = max(rule.min_stories, rule.cold_start.stories) if cold else rule.min_stories
        if observed < stories:
            return Reason.TOO_FEW_STORIES
        if publishers < (rule.cold_start.publishers if cold else rule.min_publishers):
            return Reason.TOO_FEW_PUBLISHERS
        baseline = self._baseline(window, days)
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
