"""How improbable a count is on ordinary days: a negative binomial that allows for little history.

The rate of a series is a gamma variable and its counts are Poisson given the rate, so that the next
count is negative binomial; the prior shrinks a short history towards little news (W. DuMouchel,
"Bayesian data mining in large frequency tables", The American Statistician 53, 1999). Counts also
come in bursts: how far they spread is estimated from the ordinary windows themselves, and past
outbreaks among these are weighted down by their Anscombe residuals (A. Noufaily et al., "An
improved algorithm for outbreak detection in multiple surveillance systems", Statistics in Medicine
32, 2013, section 3). Some series burst more than any such law allows. How much more is read from
the peaks of their own past, whose excesses over a level are exponential (J. Pickands, "Statistical
inference using extreme order statistics", The Annals of Statistics 3, 1975), and their p-values are
stretched by it.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

Numbers = NDArray[np.float64]

# What is assumed of a series before anything was seen: half a negative story in one day.
_PRIOR_STORIES: Final = 0.5
_PRIOR_DAYS: Final = 1.0
# Overdispersion 1/k that is assumed of counts, worth so much evidence (sum of windows' mean²).
_PRIOR_OVERDISPERSION: Final = 0.25
_PRIOR_SQUARES: Final = 5.0
_LEAST_OVERDISPERSION: Final = 0.02
# Residuals beyond this are outbreaks (Noufaily et al.).
_OUTLYING: Final = 2.58
# An outbreak inflates the very variance it is judged by: each round it counts for less.
_ROUNDS: Final = 4
# A p-value below so many alphas came near a surge.
NEARLY: Final = 10
# A window that nobody watched expects next to nothing.
LEAST_MEAN: Final = 1e-6
# Peaks are compared from this surprise on, and count as at most so much more: a single great surge
# says that there was one, not that the series is wild. Chosen on series of tweets about companies.
_PEAK: Final = 1.5
_HIGHEST_EXCESS: Final = 3.0
# Mean excess of peaks whose p-values are true, and how many such peaks every series starts with.
_TRUE_EXCESS: Final = 1 / log(10)
_PRIOR_PEAKS: Final = 10
# What is assumed of a series with too little history: it may be as wild as any.
UNKNOWN_STRETCH: Final = 1.5
_USUAL_TAIL: Final = 0.05


@dataclass(frozen=True)
class Baseline:
    """The distribution of a series' count in one window on an ordinary day."""

    # Expected count.
    mean: float
    # Size k of the negative binomial: variance = mean + mean² / size.
    size: float
    # Days with news behind it.
    days: int
    # How much less improbable its peaks are than the negative binomial says; 1: as it says.
    stretch: float = 1.0


@dataclass(frozen=True)
class Level:
    """What ordinary windows of one length say of a series."""

    # Expected count of a day that is watched throughout.
    rate: float
    # Size of the negative binomial.
    size: float

    def mean(self, exposure: float) -> float:
        """Expected count of a window with so much exposure, in days."""
        return max(self.rate * exposure, LEAST_MEAN)

    def surprise(self, counts: Numbers, exposure: Numbers) -> Numbers:
        """−log10 of the probability of so many or more, at most 300; 0 where none were counted."""
        means = np.maximum(self.rate * exposure, LEAST_MEAN)
        tails = betainc(np.maximum(counts, 1e-9), self.size, means / (self.size + means))
        found: Numbers = np.where(counts > 0, -np.log10(np.maximum(tails, 1e-300)), 0.0)
        return found


def fit(counts: Numbers, exposure: Numbers) -> Level:
    """The level that `counts` speak for, those of disjoint windows of ordinary days.

    `exposure` of a window is its expected share of a day's news, times the share of it that was
    watched; windows without any say nothing.
    """
    watched = exposure > 0
    counts, exposure = counts[watched], exposure[watched]
    weights = np.ones(len(counts))
    for _ in range(_ROUNDS):
        stories = _PRIOR_STORIES + float(weights @ counts)
        rate = stories / (_PRIOR_DAYS + float(weights @ exposure))
        means = np.maximum(rate * exposure, LEAST_MEAN)
        squares = float(weights @ means**2)
        beyond = float(weights @ ((counts - means) ** 2 - means))
        shrunk = _PRIOR_SQUARES * _PRIOR_OVERDISPERSION + beyond
        overdispersion = max(_LEAST_OVERDISPERSION, shrunk / (_PRIOR_SQUARES + squares))
        residuals = _residuals(counts, means, 1 + overdispersion * means)
        weights = np.where(
            residuals > _OUTLYING, (_OUTLYING / np.maximum(residuals, _OUTLYING)) ** 2, 1.0
        )
    # Not knowing the rate adds mean² / stories to the variance.
    return Level(rate, 1 / (overdispersion + 1 / stories))


def _residuals(counts: Numbers, means: Numbers, dispersion: Numbers) -> Numbers:
    """Anscombe residuals: about standard normal for ordinary counts."""
    residuals: Numbers = (
        1.5 * (counts ** (2 / 3) - means ** (2 / 3)) / (means ** (1 / 6) * np.sqrt(dispersion))
    )
    return residuals


def stretch(peaks: Numbers) -> float:
    """How much less improbable than it seems a peak is, by the largest surprises of half days."""
    excess = np.minimum(peaks[peaks > _PEAK] - _PEAK, _HIGHEST_EXCESS)
    mean = (_PRIOR_PEAKS * _TRUE_EXCESS + float(excess.sum())) / (_PRIOR_PEAKS + len(excess))
    return max(1.0, mean / _TRUE_EXCESS)


def p_value(observed: int, baseline: Baseline) -> float:
    """Probability of `observed` or more in one window of an ordinary day of this series."""
    return float(_tail(observed, baseline) ** (1 / baseline.stretch))


def threshold(alpha: float, minimum: int, baseline: Baseline) -> int:
    """The smallest count, at least `minimum`, whose p-value is below `alpha`."""
    return _first(lambda count: p_value(count, baseline) < alpha, minimum)


def usual(baseline: Baseline) -> tuple[int, int]:
    """The 5 % and the 95 % quantile of the count in one window."""
    return _quantile(_USUAL_TAIL, baseline), _quantile(1 - _USUAL_TAIL, baseline)


def once_in(p_value: float, window: timedelta) -> timedelta | None:
    """How often so improbable a window is expected by chance; None: less than once in 100 years."""
    hundred_years = timedelta(days=36_525)
    return window / p_value if p_value > window / hundred_years else None


def _tail(observed: int, baseline: Baseline) -> float:
    if observed <= 0:
        return 1.0
    odds = baseline.mean / (baseline.size + baseline.mean)
    # The tail of a negative binomial is an incomplete beta integral (DLMF 8.17).
    return float(betainc(observed, baseline.size, odds))


def _quantile(share: float, baseline: Baseline) -> int:
    return _first(lambda count: _tail(count + 1, baseline) <= 1 - share, 0)


def _first(holds: Callable[[int], bool], minimum: int) -> int:
    """The smallest count from `minimum` on for which `holds`, which then holds for all above."""
    step = 1
    while not holds(minimum + step - 1):
        step *= 2
    return minimum + bisect_left(range(step), True, key=lambda more: holds(minimum + more))
