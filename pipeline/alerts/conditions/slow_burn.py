"""A slow burn: many days a little worse than usual, none of which surges.

The cumulative sum of E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954, of a series'
net sentiment: negative minus positive stories of each day, less what is usual, in standard
deviations. What is usual comes from the days before those that are summed, robustly (P. J. Huber,
"Robust estimation of a location parameter", The Annals of Mathematical Statistics 35, 1964), and
allows for how much news a day brings and how much of it was watched.

The allowance k is half the shift that is looked for, the decision interval h sets how rarely chance
rings. With k 0.75 and h 6.5, normal days of which mean and spread are known have 88,000 days
between false alarms, by the approximation of D. Siegmund ("Sequential Analysis", 1985):
(e^2kb - 2kb - 1) / 2k² with b = h + 1.166. Here both are estimated from few days, of counts that
are skewed and come in bursts, which rings more often, and a day counts as at most so bad, so that
one alone is no slow burn. What comes of it is simulated in
tests/unit/alerts/conditions/test_slow_burn.py.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.alerts.rules import SlowBurnRule
from pipeline.alerts.surge import Numbers

# A day with less of a day's news, for want of sources or on a holiday, says nothing.
_LEAST_EXPOSURE: Final = 0.2
# Days beyond so many deviations count less for what is usual.
_OUTLYING: Final = 1.5
_ROUNDS: Final = 6
# What is assumed before anything was seen: stories, either way, of so many days.
_PRIOR_STORIES: Final = 0.5
_PRIOR_DAYS: Final = 1.0
# A series without any news varies by so much at least.
_LEAST_VARIANCE: Final = 0.5


@dataclass(frozen=True)
class Days:
    """A series day by day, the oldest first."""

    negative: Numbers
    positive: Numbers
    # Expected share of an ordinary day's news, times the share of it that was watched.
    exposure: Numbers

    def __getitem__(self, part: slice) -> "Days":
        return Days(self.negative[part], self.positive[part], self.exposure[part])

    @property
    def watched(self) -> "Days":
        kept = self.exposure >= _LEAST_EXPOSURE
        return Days(self.negative[kept], self.positive[kept], self.exposure[kept])

    def __len__(self) -> int:
        return len(self.exposure)


@dataclass(frozen=True)
class Usual:
    """Negative minus positive stories of an ordinary day that is watched throughout."""

    net: float
    deviation: float
    # Negative ones alone.
    negative: float

    def surprise(self, days: Days) -> Numbers:
        """How much worse than usual each day was, in deviations; 0 for one not watched."""
        exposure = np.maximum(days.exposure, _LEAST_EXPOSURE)
        above = days.negative - days.positive - self.net * exposure
        found: Numbers = np.where(
            days.exposure >= _LEAST_EXPOSURE, above / (self.deviation * np.sqrt(exposure)), 0.0
        )
        return found


@dataclass(frozen=True)
class Burn:
    """The cumulative sum on its last day."""

    score: float
    # Days that it sums up, the last included; 0: none.
    days: int = 0
    # Stories of these days.
    negative: int = 0
    positive: int = 0
    # What is usual of the negative ones, and of these minus the positive ones.
    usual_negative: float = 0.0
    usual_net: float = 0.0


def usual(days: Days) -> Usual:
    """What `days` say is usual, whatever a few of them were like."""
    days = days.watched
    net, exposure = days.negative - days.positive, days.exposure
    volume = float((days.negative + days.positive).sum())
    # Counts vary at least as chance makes them.
    least = max(_LEAST_VARIANCE, (_PRIOR_STORIES + volume) / (_PRIOR_DAYS + float(exposure.sum())))
    weights = np.ones(len(net))
    for _ in range(_ROUNDS):
        rate = float(weights @ net) / (_PRIOR_DAYS + float(weights @ exposure))
        squares = (net - rate * exposure) ** 2 / exposure
        # Of counts in bursts a fuller day says more about the full ones.
        told = weights * exposure
        variance = max(least, float(told @ squares) / max(float(told.sum()) - 1, 1.0))
        residuals = np.abs(net - rate * exposure) / np.sqrt(variance * exposure)
        weights = np.minimum(1.0, _OUTLYING / np.maximum(residuals, 1e-9))
    alone = float(weights @ days.negative) / (_PRIOR_DAYS + float(weights @ exposure))
    return Usual(rate, float(np.sqrt(variance)), alone)


def judge(days: Days, rule: SlowBurnRule) -> Burn | None:
    """The sum at the end of `days`; None: too few of the days before are known.

    The last rule.days are summed up, those before say what is usual.
    """
    before, judged = days[: -rule.days], days[-rule.days :]
    if len(before.watched) < rule.reference_days:
        return None
    known = usual(before)
    score, began = 0.0, len(judged)
    for day, surprise in enumerate(known.surprise(judged).tolist()):
        if judged.exposure[day] < _LEAST_EXPOSURE:
            continue
        if score == 0:
            began = day
        score = max(0.0, score + min(surprise, rule.cap) - rule.allowance)
    if score == 0:
        return Burn(score)
    burnt = judged[began:]
    exposure = float(burnt.exposure.sum())
    return Burn(
        score,
        len(burnt),
        int(burnt.negative.sum()),
        int(burnt.positive.sum()),
        known.negative * exposure,
        known.net * exposure,
    )
