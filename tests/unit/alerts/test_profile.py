"""How much of a day's news each hour has."""

import numpy as np
import pytest

from pipeline.alerts import profile
from pipeline.alerts.profile import CELLS, HOURS

FORTNIGHT = np.arange(14 * HOURS)
CLOCK = FORTNIGHT % HOURS
ALL = np.ones(len(FORTNIGHT))


def test_without_news_what_was_assumed_stays() -> None:
    prior = np.linspace(0.5, 1.5, CELLS)
    assert profile.learn(0 * ALL, ALL, CLOCK, prior) is prior


def test_many_stories_speak_for_themselves() -> None:
    counts = np.where(CLOCK == 9, 500.0, 100.0)
    factors = profile.learn(counts, ALL, CLOCK, profile.flat())
    assert factors[9] / factors[10] == pytest.approx(5, rel=0.1)


def test_few_stories_leave_what_was_assumed() -> None:
    counts = np.zeros(len(FORTNIGHT))
    counts[[9, 33, 57, 81]] = 1
    factors = profile.learn(counts, ALL, CLOCK, profile.flat())
    assert 1 < factors[9] < 2
    assert 0.9 < factors[10] < 1


def test_what_an_hour_has_on_workdays_it_has_on_days_off() -> None:
    weekend = FORTNIGHT // HOURS % 7 >= 5
    counts = np.where(CLOCK == 9, 100.0, 20.0) * np.where(weekend, 0.3, 1.0)
    factors = profile.learn(counts, ALL, CLOCK + HOURS * weekend, profile.flat())
    assert factors[HOURS + 9] / factors[HOURS + 10] == pytest.approx(5, rel=0.1)
    assert factors[HOURS + 9] / factors[9] == pytest.approx(0.3, rel=0.1)


def test_a_holiday_that_never_was_is_like_a_weekend() -> None:
    weekend = FORTNIGHT // HOURS % 7 >= 5
    counts = np.where(weekend, 3.0, 10.0)
    factors = profile.learn(counts, ALL, CLOCK + HOURS * weekend, profile.flat())
    assert factors[2 * HOURS + 9] / factors[9] == pytest.approx(0.3, rel=0.1)


def test_hours_that_nobody_watched_are_no_quiet_hours() -> None:
    counts = np.where(CLOCK == 9, 0.0, 100.0)
    watched = np.where(CLOCK == 9, 0.0, 1.0)
    factors = profile.learn(counts, watched, CLOCK, profile.flat())
    assert factors[9] == pytest.approx(1)


def test_one_wild_hour_makes_no_habit() -> None:
    counts = np.full(len(FORTNIGHT), 10.0)
    counts[9] = 5_000
    factors = profile.learn(counts, ALL, CLOCK, profile.flat())
    assert factors[9] == pytest.approx(factors[10], rel=0.05)
