"""What a day is compared with: levels by length of window, and how wild the peaks are."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.alerts import surge
from pipeline.alerts.online import Values
from pipeline.alerts.usual import PER_DAY, Exposure, learn

DAYS = [day * PER_DAY for day in range(14)]
HOURS = np.ones(15 * 24)


def series(per_bucket: np.ndarray) -> Values:
    return Values(np.arange(len(per_bucket)) * 300, per_bucket.astype(float), 300.0)


def poisson(mean: float, seed: int = 3) -> Values:
    return series(np.random.default_rng(seed).poisson(mean, 15 * PER_DAY))


def test_the_level_of_an_even_series_is_its_mean() -> None:
    usual = learn(poisson(0.5), Exposure.of_hours(0, HOURS), DAYS, [12, PER_DAY], 4)
    # The prior is worth a day in which next to nothing happened.
    assert usual.baseline(12, 1 / 24).mean == pytest.approx(6 * 14 / 15, rel=0.03)
    assert usual.days == 14


def test_what_is_true_poisson_is_not_stretched() -> None:
    assert learn(poisson(0.5), Exposure.of_hours(0, HOURS), DAYS, [12], 4).stretch < 1.1


def test_a_series_that_bursts_every_day_needs_more_than_one_that_never_does() -> None:
    even = poisson(0.5)
    bursts = np.zeros(15 * PER_DAY)
    bursts[PER_DAY // 3 :: PER_DAY] = 25
    wild = replace(even, values=even.values + bursts)
    calm, stretched = (
        learn(one, Exposure.of_hours(0, HOURS), DAYS, [12], 4) for one in (even, wild)
    )
    assert stretched.stretch > 1.5
    thresholds = [surge.threshold(5e-4, 4, u.baseline(12, 1 / 24)) for u in (calm, stretched)]
    assert thresholds[1] > 1.3 * thresholds[0]


def test_one_great_surge_does_not_make_a_series_wild() -> None:
    even = poisson(0.5)
    once = even.values.copy()
    once[5 * PER_DAY : 5 * PER_DAY + 12] = 100
    usual = learn(replace(even, values=once), Exposure.of_hours(0, HOURS), DAYS, [12], 4)
    assert usual.stretch < 1.7


def test_hours_that_nobody_watched_do_not_lower_the_level() -> None:
    values, hours = poisson(0.5).values.copy(), HOURS.copy()
    values[: 5 * PER_DAY], hours[: 5 * 24] = 0, 0
    usual = learn(series(values), Exposure.of_hours(0, hours), DAYS, [12], 4)
    assert usual.baseline(12, 1 / 24).mean == pytest.approx(6 * 9 / 10, rel=0.03)


def test_an_hour_of_the_day_that_is_always_busy_expects_more() -> None:
    factors = np.tile(np.where(np.arange(24) == 9, 4.0, 20 / 23), 15)
    exposure = Exposure.of_hours(0, factors)
    busy, calm = exposure.between(np.array([9 * 12, 10 * 12]), np.array([10 * 12, 11 * 12]))
    assert busy / calm == pytest.approx(4.6)


def test_spans_apart_are_not_learned_from() -> None:
    values = poisson(0.5).values.copy()
    values[3 * PER_DAY : 6 * PER_DAY] *= 4
    apart = [(3 * PER_DAY, 6 * PER_DAY)]
    exposure = Exposure.of_hours(0, HOURS)
    stained, clean = (learn(series(values), exposure, DAYS, [12], 4, a) for a in ([], apart))
    assert clean.baseline(12, 1 / 24).mean == pytest.approx(6 * 11 / 12, rel=0.03)
    assert stained.baseline(12, 1 / 24).mean > 6.5


def test_without_any_day_the_prior_is_all_there_is() -> None:
    usual = learn(poisson(0.5), Exposure.of_hours(0, HOURS), [], [12], 4)
    assert usual.baseline(12, 1 / 24).mean == pytest.approx(0.5 / 24)
    assert usual.stretch == 1
