"""The risk score: bounded, higher with every driver, half as much after a half-life, no future."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from pipeline.alerts.risk import History, Risk, Step, Story, parse, weights
from pipeline.alerts.rules import RuleError

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY = weights()
TEXT = resources.files("pipeline.alerts").joinpath("risk.toml").read_text("utf-8")


def bad(hours_ago: float, topic: str = "earnings", weight: float = 0.9) -> Story:
    return Story(NOON - HOUR * hours_ago, topic, True, weight)


def good(hours_ago: float) -> Story:
    return Story(NOON - HOUR * hours_ago, "earnings", False, 0.1)


def score(*stories: Story, steps: tuple[Step, ...] = (), at: datetime = NOON) -> Risk:
    return History(stories, steps, BY).at(at)


def level(risk: Risk, name: str) -> float:
    return next(driver.level for driver in risk.drivers if driver.name == name)


def opened(severity: str, hours_ago: float) -> Step:
    return Step(1, NOON - HOUR * hours_ago, True, severity)


def test_the_example_of_the_how_to_comes_out() -> None:
    """docs/how-to/risk-score.md works this one out by hand."""
    risk = score(
        bad(0.5, "credit_debt", 1.0),
        bad(24.5, "earnings", 0.8),
        good(0.5),
        steps=(opened("high", 0.2),),
    )
    found = {driver.name: round(driver.points, 1) for driver in risk.drivers}
    assert found == {"alerts": 17.5, "trend": 9.7, "share": 6.6, "severity": 7.2, "novelty": 3.4}
    assert round(risk.score, 1) == 44.4


def test_no_news_is_no_risk_and_good_news_is_none() -> None:
    assert score().score == 0
    assert score(*(good(n) for n in range(9))).score == 0


def test_the_score_stays_between_0_and_100_whatever_happens() -> None:
    stories = [bad(n / 100, "fraud_misconduct", 1.0) for n in range(1, 3_000)]
    risk = score(*stories, steps=(opened("critical", 1),))
    assert 95 < risk.score <= 100
    assert all(0 <= driver.level <= 1 for driver in risk.drivers)


@pytest.mark.parametrize("seed", range(20))
def test_one_more_negative_story_now_never_lowers_it(seed: int) -> None:
    chance = random.Random(seed)
    stories = [
        chance.choice((bad, good))(chance.uniform(0, 400)) for _ in range(chance.randrange(30))
    ]
    topic = chance.choice(("earnings", "fraud_misconduct"))
    more = score(*stories, bad(0.01, topic))
    assert more.score >= score(*stories).score
    worse = score(*stories, bad(0.01, topic, weight=1.0))
    assert worse.score >= more.score


@pytest.mark.parametrize("name", ["share", "severity", "novelty", "alerts", "trend"])
def test_the_score_is_the_sum_of_points_and_points_follow_the_level(name: str) -> None:
    risk = score(bad(1), bad(2, "credit_debt"), good(3), steps=(opened("low", 1),))
    assert risk.score == pytest.approx(sum(driver.points for driver in risk.drivers))
    driver = next(one for one in risk.drivers if one.name == name)
    assert driver.points == pytest.approx(driver.level * getattr(BY, name).points)
    assert driver.points > 0


def test_a_graver_topic_counts_more() -> None:
    assert score(bad(1, "fraud_misconduct")).score > score(bad(1, "earnings")).score


def test_what_a_story_adds_halves_with_every_half_life() -> None:
    """Of a few stories, whose severity is near enough to linear."""
    story = bad(0, "earnings", 0.02)
    now, later, last = (
        level(score(story, at=NOON + timedelta(hours=n)), "severity") for n in (1, 25, 49)
    )
    assert later == pytest.approx(now / 2, rel=0.01)
    assert last == pytest.approx(now / 4, rel=0.01)


def test_the_score_fades_to_nothing_without_further_news() -> None:
    story = bad(0, "fraud_misconduct")
    scores = [score(story, at=NOON + DAY * n + HOUR).score for n in range(16)]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == 0


def test_nothing_that_happened_later_counts() -> None:
    told = [bad(5), good(3)]
    steps = (opened("low", 2),)
    later = [bad(-1, "fraud_misconduct"), good(-2)]
    after = Step(1, NOON + HOUR, True, "critical")
    assert score(*told, *later, steps=(*steps, after)) == score(*told, steps=steps)


def test_the_order_in_which_stories_are_known_makes_no_difference() -> None:
    stories = [bad(n, topic) for n in range(1, 40, 7) for topic in ("earnings", "credit_debt")]
    assert score(*reversed(stories)) == score(*stories)


def test_a_topic_is_new_where_it_was_quiet_for_a_month_and_all_day_long() -> None:
    first = score(bad(2), bad(1))
    assert level(first, "novelty") > level(score(bad(2)), "novelty") > 0
    assert level(score(bad(24 * 10), bad(1)), "novelty") == pytest.approx(
        level(score(bad(24 * 10)), "novelty"), abs=1e-9
    )
    assert level(score(bad(24 * 31), bad(1)), "novelty") == level(score(bad(1)), "novelty")


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ((), 0.0),
        ((opened("low", 2),), 0.4),
        ((opened("low", 2), opened("critical", 1)), 1.0),
        ((opened("low", 2), Step(1, NOON - HOUR, False)), 0.0),
        ((opened("high", 3), Step(1, NOON - 2 * HOUR, False), Step(1, NOON - HOUR, True)), 0.7),
        ((opened("low", 2), Step(2, NOON - HOUR, True, "high")), 0.7),
    ],
)
def test_the_worst_alert_that_is_open_counts(steps: tuple[Step, ...], found: float) -> None:
    assert level(score(steps=steps), "alerts") == found


def test_the_trend_counts_what_is_more_than_the_week() -> None:
    steady = [bad(n + 0.5, weight=0.15) for n in range(24 * 14)]
    assert level(score(*steady), "trend") < 0.1
    assert level(score(*steady, *(bad(n / 4) for n in range(1, 9))), "trend") > 0.4


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("points = 20", "points = 21", "the points make 101, not 100"),
        ("half_at = 3.0", "half_at = 0", "half_at"),
        ("critical = 1.0", "worst = 1.0", "says nothing of critical"),
        ("critical = 1.0", "critical = 1.5", r"severity"),
        ("fast_hours = 6", "fast_hours = 168", "not shorter"),
        ("version = 1", "versio = 1", "versio"),
        ("version = 1", "version = ", "risk weights"),
    ],
)
def test_weights_that_cannot_be_used_are_refused_with_what_is_wrong(
    before: str, after: str, said: str
) -> None:
    assert before in TEXT
    with pytest.raises(RuleError, match=said):
        parse(TEXT.replace(before, after))


def test_a_story_without_weight_says_nothing_of_gravity() -> None:
    nothing = replace(bad(1), weight=0.0)
    assert level(score(nothing), "severity") == 0
