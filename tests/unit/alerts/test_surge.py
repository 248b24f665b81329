"""The statistics behind a surge: exact where theory says so, careful where history is short."""

import random
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import nbinom

from pipeline.alerts import surge
from pipeline.alerts.surge import Baseline

HOUR = timedelta(hours=1)
FORTNIGHT = 14 * 24


def learned(counts: Sequence[int]) -> Baseline:
    """Of one hour, from those of so many."""
    level = surge.fit(np.array(counts, float), np.full(len(counts), 1 / 24))
    return Baseline(level.mean(1 / 24), level.size, len(counts) // 24)


@pytest.mark.parametrize("mean", [0.01, 0.5, 4.0, 60.0])
@pytest.mark.parametrize("size", [0.1, 2.0, 50.0])
@pytest.mark.parametrize("observed", [0, 1, 5, 20, 90])
def test_the_p_value_is_the_upper_tail_of_a_negative_binomial(
    mean: float, size: float, observed: int
) -> None:
    expected = nbinom.sf(observed - 1, size, size / (size + mean))
    assert surge.p_value(observed, Baseline(mean, size, 14)) == pytest.approx(expected, rel=1e-6)


def test_the_threshold_is_the_smallest_count_that_is_improbable_enough() -> None:
    baseline = Baseline(mean=4.0, size=3.0, days=14)
    count = surge.threshold(1e-4, 5, baseline)
    assert surge.p_value(count, baseline) < 1e-4 <= surge.p_value(count - 1, baseline)


def test_the_threshold_is_never_below_the_minimum() -> None:
    assert surge.threshold(1e-4, 5, Baseline(mean=0.001, size=0.5, days=14)) == 5


@pytest.mark.parametrize(("mean", "size"), [(0.02, 0.3), (3.0, 2.0), (40.0, 8.0)])
def test_the_usual_range_is_the_5_and_the_95_percent_quantile(mean: float, size: float) -> None:
    low, high = surge.usual(Baseline(mean, size, 14))
    theory = nbinom(size, size / (size + mean))
    assert (low, high) == (theory.ppf(0.05), theory.ppf(0.95))


def test_a_busy_series_has_a_range_and_a_threshold_too() -> None:
    """Beyond a few hundred a window the probability of a single count is below any float."""
    baseline = Baseline(mean=3_000.0, size=20_000.0, days=14)
    low, high = surge.usual(baseline)
    assert 2_800 < low < 3_000 < high < 3_200
    assert high < surge.threshold(5e-5, 5, baseline) < 3_400


def test_a_quiet_fortnight_expects_almost_nothing() -> None:
    baseline = learned([0] * FORTNIGHT)
    assert baseline.mean < 0.002
    assert surge.usual(baseline) == (0, 0)


def test_without_history_little_news_is_assumed_and_little_is_claimed() -> None:
    nothing, fortnight = learned([]), learned([0] * FORTNIGHT)
    assert nothing.mean == pytest.approx(0.5 / 24)
    assert surge.p_value(5, nothing) > surge.p_value(5, fortnight)


def test_bursty_days_make_a_wider_range_than_even_ones() -> None:
    even, bursty = [2] * FORTNIGHT, [0, 0, 0, 8] * (FORTNIGHT // 4)
    assert surge.p_value(8, learned(even)) < 0.01
    assert surge.p_value(8, learned(bursty)) > 0.03


def test_one_outbreak_in_the_past_does_not_hide_the_next() -> None:
    chance = random.Random(1)
    ordinary = [chance.choice((0, 0, 1, 1, 2)) for _ in range(FORTNIGHT)]
    with_outbreak = [*ordinary[:-3], 20, 25, 18]
    clean, stained = (learned(counts) for counts in (ordinary, with_outbreak))
    assert stained.mean < clean.mean * 1.1
    assert surge.threshold(5e-5, 5, stained) <= surge.threshold(5e-5, 5, clean) + 3


@pytest.mark.parametrize(
    ("p_value", "span"),
    [(1e-3, timedelta(hours=1000)), (1e-6, None), (0.5, timedelta(hours=2))],
)
def test_rarity_is_told_as_once_in_a_time_and_not_beyond_a_century(
    p_value: float, span: timedelta | None
) -> None:
    assert surge.once_in(p_value, HOUR) == span


def test_a_month_of_ordinary_news_rings_less_than_promised() -> None:
    """100 series of Gamma-Poisson counts, one in ten busy: 4,300 windows a series and length."""
    chance = random.Random(7)
    alarms = 0
    for number in range(100):
        rate = chance.choice((0.5, 1.0, 2.0)) if number % 10 else 50.0
        hourly = [_poisson(chance, rate / 24 * chance.gammavariate(2, 0.5)) for _ in range(44 * 24)]
        baseline = learned(hourly[:FORTNIGHT])
        limit = surge.threshold(5e-5, 5, baseline)
        alarms += sum(count >= limit for count in hourly[FORTNIGHT:])
    assert alarms <= 5


def _poisson(chance: random.Random, mean: float) -> int:
    count, left = 0, chance.expovariate(1)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1)
    return count
