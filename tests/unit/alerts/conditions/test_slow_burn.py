"""Days that are a little worse than usual add up, and chance seldom does."""

import numpy as np
import pytest

from pipeline.alerts.conditions.slow_burn import Burn, Days, judge, usual
from pipeline.alerts.surge import Numbers
from tests.unit.alerts.building import RULE

SLOW = RULE.slow_burn
HISTORY = RULE.look_back_days
WEEKEND = 0.35


def days(
    negative: Numbers, positive: Numbers | None = None, exposure: Numbers | None = None
) -> Days:
    return Days(
        np.asarray(negative, np.float64),
        np.zeros(len(negative)) if positive is None else np.asarray(positive, np.float64),
        np.ones(len(negative)) if exposure is None else exposure,
    )


def drawn(seed: int, rate: float, n: int, positive: float) -> Days:
    """So many stories a day, overdispersed hour by hour, fewer on weekends; nothing happens."""
    draw = np.random.default_rng(seed)
    exposure = np.where(np.arange(n) % 7 >= 5, WEEKEND, 1.0)

    def counts(mean: float) -> Numbers:
        hourly = mean / 24 * exposure[:, None] * draw.gamma(2, 0.5, (n, 24))
        return draw.poisson(hourly).sum(axis=1).astype(np.float64)

    return days(counts(rate), counts(rate * positive), exposure)


def judged(series: Days) -> Burn:
    burn = judge(series, SLOW)
    assert burn is not None
    return burn


def rings(burn: Burn | None) -> bool:
    return bool(burn and burn.score >= SLOW.decision and burn.negative >= SLOW.min_stories)


@pytest.mark.parametrize(
    ("rate", "positive", "apart"),
    [
        (0.7, 0.0, 2_000),
        (1.4, 0.0, 2_000),
        (1.4, 1.0, 2_000),
        (10.0, 0.5, 2_000),
        (100.0, 0.0, 500),
    ],
)
def test_chance_rings_once_in_so_many_days_at_most(
    rate: float, positive: float, apart: int
) -> None:
    """A series with a hundred stories a day varies more on full days than was allowed for."""
    n = 8_000
    series, ringing, alarms = drawn(4, rate, n, positive), False, 0
    for day in range(HISTORY, n):
        burn = judge(series[day - HISTORY : day], SLOW)
        if rings(burn) and not ringing:
            alarms, ringing = alarms + 1, True
        elif burn and burn.score < SLOW.clear * SLOW.decision:
            ringing = False
    assert alarms <= n / apart


@pytest.mark.parametrize(("rate", "worse"), [(1.4, 3.5), (10.0, 2.0), (100.0, 1.5)])
def test_ten_worse_days_ring_as_a_rule(rate: float, worse: float) -> None:
    found = 0
    for seed in range(50):
        series, more = (drawn(seed, r, HISTORY + 10, 0.3) for r in (rate, rate * (worse - 1)))
        series.negative[HISTORY:] += more.negative[HISTORY:]
        found += any(rings(judge(series[n : n + HISTORY], SLOW)) for n in range(11))
    assert found >= 35


def test_a_steady_series_adds_nothing_up() -> None:
    assert judged(days(np.full(HISTORY, 3))) == Burn(0.0)


def test_the_sum_names_its_days_and_what_is_usual_of_them() -> None:
    burn = judged(days(np.r_[np.full(HISTORY - 6, 2), np.full(6, 6)], np.full(HISTORY, 1)))
    assert rings(burn)
    assert (burn.days, burn.negative, burn.positive) == (6, 36, 6)
    assert 4 <= burn.usual_net <= 6.5
    assert 10 <= burn.usual_negative <= 12.5


def test_one_day_alone_is_no_slow_burn_however_bad() -> None:
    assert not rings(judged(days(np.r_[np.full(HISTORY - 1, 2), 500])))


def test_good_news_makes_up_for_bad() -> None:
    worse = np.r_[np.full(HISTORY - 6, 2), np.full(6, 6)]
    assert not rings(judged(days(worse, worse - 2)))


def test_one_outlying_day_hardly_changes_what_is_usual() -> None:
    plain, wild = np.full(18, 4.0), np.r_[np.full(17, 4.0), 60.0]
    assert abs(usual(days(wild)).net - usual(days(plain)).net) < 0.6


@pytest.mark.parametrize("hole", [slice(-6, None), slice(-10, -4)])
def test_a_hole_neither_adds_nor_takes_away(hole: slice) -> None:
    exposure = np.ones(HISTORY)
    exposure[hole] = 0
    # Whatever was counted while nobody watched is a remnant.
    counts = np.r_[np.full(HISTORY - 10, 2), np.full(10, 2)]
    counts[hole] = 30
    assert judged(days(counts, exposure=exposure)) == Burn(0.0)


def test_a_hole_within_a_slow_burn_does_not_end_it() -> None:
    counts, exposure = np.r_[np.full(HISTORY - 8, 2), np.full(8, 6)], np.ones(HISTORY)
    counts[-4], exposure[-4] = 0, 0
    assert rings(judged(days(counts, exposure=exposure)))


def test_a_cold_series_is_not_judged() -> None:
    exposure = np.ones(HISTORY)
    exposure[: HISTORY - SLOW.days - SLOW.reference_days + 1] = 0
    assert judge(days(np.full(HISTORY, 9), exposure=exposure), SLOW) is None
    exposure[HISTORY - SLOW.days - SLOW.reference_days] = 1
    assert judge(days(np.full(HISTORY, 9), exposure=exposure), SLOW)
