"""How improbable a count is on ordinary days: a negative binomial that allows for little history.

The rate of a series is a gamma variable and its counts are Poisson given the rate, so that the next
count is negative binomial; the prior shrinks a short history towards little news (W. DuMouchel,
"Bayesian data mining in large frequency tables", The American Statistician 53, 1999). Counts also
come in bursts and by the hour: their variance is estimated from the ordinary windows themselves,
and past outbreaks among these are weighted down by their Anscombe residuals (A. Noufaily et al.,
"An improved algorithm for outbreak detection in multiple surveillance systems", Statistics in
Medicine 32, 2013, section 3).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from scipy.special import betainc

# What is assumed of a series before anything was seen: half a negative story in one day.
_PRIOR_STORIES: Final = 0.5
_PRIOR_EXPOSURE: Final = timedelta(days=1)
# Variance over mean that is assumed of counts, worth so many windows of evidence.
_PRIOR_DISPERSION: Final = 1.5
_PRIOR_WINDOWS: Final = 5.0
# Residuals beyond this are outbreaks (Noufaily et al.).
_OUTLYING: Final = 2.58
# An outbreak inflates the very variance it is judged by: each round it counts for less.
_ROUNDS: Final = 3
_USUAL_TAIL: Final = 0.05


@dataclass(frozen=True)
class Baseline:
    """The distribution of a series' count in one window on an ordinary day."""

    # Expected count.
    mean: float
    # Size r of the negative binomial: variance = mean + mean² / size.
    size: float
    # Days with news behind it.
    days: int


def fit(counts: Sequence[int], window: timedelta, days: int) -> Baseline:
    """The baseline that `counts`, those of disjoint windows of ordinary days, speak for."""
    stories, mean, dispersion = _moments(counts, [1.0] * len(counts), window)
    for _ in range(_ROUNDS):
        weights = [_weight(count, mean, dispersion) for count in counts]
        stories, mean, dispersion = _moments(counts, weights, window)
    # Variance is dispersion · mean for the bursts, and mean² / stories for not knowing the rate.
    return Baseline(mean=mean, size=mean / (dispersion - 1 + mean / stories), days=days)


def _moments(
    counts: Sequence[int], weights: Sequence[float], window: timedelta
) -> tuple[float, float, float]:
    """Stories (prior included), mean count a window, and variance over mean (at least 1)."""
    stories = _PRIOR_STORIES + sum(w * c for w, c in zip(weights, counts, strict=True))
    mean = stories / (_PRIOR_EXPOSURE / window + sum(weights))
    pearson = sum(w * (c - mean) ** 2 / mean for w, c in zip(weights, counts, strict=True))
    spread = (_PRIOR_DISPERSION * _PRIOR_WINDOWS + pearson) / (_PRIOR_WINDOWS + sum(weights))
    return stories, mean, max(1.0, spread)


def _weight(count: int, mean: float, dispersion: float) -> float:
    """1 for an ordinary window, less for an outbreak: the Anscombe residual decides."""
    residual = 1.5 * (count ** (2 / 3) - mean ** (2 / 3)) / (mean ** (1 / 6) * dispersion**0.5)
    return 1.0 if residual <= _OUTLYING else (_OUTLYING / residual) ** 2


def p_value(observed: int, baseline: Baseline) -> float:
    """Probability of `observed` or more in one window of an ordinary day."""
    if observed <= 0:
        return 1.0
    odds = baseline.mean / (baseline.size + baseline.mean)
    # The tail of a negative binomial is an incomplete beta integral (DLMF 8.17).
    return float(betainc(observed, baseline.size, odds))


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


def _quantile(share: float, baseline: Baseline) -> int:
    return _first(lambda count: p_value(count + 1, baseline) <= 1 - share, 0)


def _first(holds: Callable[[int], bool], minimum: int) -> int:
    """The smallest count from `minimum` on for which `holds`, which then holds for all above."""
    step = 1
    while not holds(minimum + step - 1):
        step *= 2
    return minimum + bisect_left(range(step), True, key=lambda more: holds(minimum + more))
