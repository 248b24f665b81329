"""Days that are each a little worse are one low alert, which a surge joins."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline.alerts.why import why
from pipeline.store.connection import connect, transaction
from tests.integration.alerts.world import NOON, PUBLISHERS, Story, World

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOON - 12 * HOUR


def daily(world: World, a_day: int, since: int, until: int = 0, **of: Any) -> list[Story]:
    """So many stories each day, from so many days back to just before `until` days back."""
    return [
        Story(
            next(world.numbers),
            MIDNIGHT - back * DAY + 7 * HOUR + n * 2 * HOUR,
            **{"publisher": PUBLISHERS[n % 4]} | of,
        )
        for back in range(since, until, -1)
        for n in range(a_day)
    ]


def burning(world: World, **of: Any) -> None:
    """One negative story a day, and since six days five; the morning brings one more."""
    world.add(world.days(40, NOON))
    world.add(daily(world, 1, 40, 6, **of) + daily(world, 5, 6, **of))
    world.add(world.burst(1, NOON - HOUR, **of))


def test_little_bad_days_become_one_low_alert_with_their_stories(world: World) -> None:
    burning(world)
    world.run(NOON)
    alert = world.alert()
    assert (alert["state"], alert["severity"], alert["condition"]) == ("firing", "low", "slow_burn")
    assert (alert["observed"], alert["window_minutes"]) == (30, 6 * 24 * 60)
    assert alert["usual_high"] < 30
    (part,) = world.ask("SELECT condition, detail FROM alert_series")
    assert part["detail"] | {"score": 0} == {
        "since": (MIDNIGHT - 6 * DAY).isoformat(),
        "net": 30,
        "usual": 6,
        "score": 0,
    }
    assert len(world.evidence()) == 30


def test_a_topic_that_no_issuer_carries_burns_too(world: World) -> None:
    burning(world, issuers=())
    world.run(NOON)
    assert (world.alert()["subject_kind"], world.alert()["condition"]) == ("topic", "slow_burn")


def test_what_issuers_carry_is_not_the_topics_slow_burn(world: World) -> None:
    burning(world)
    world.run(NOON)
    assert [alert["subject_kind"] for alert in world.alerts()] == ["issuer"]


@pytest.mark.parametrize("of", [{"publisher": "ledger"}, {"p_negative": 0.5}])
def test_one_publisher_or_no_bad_news_burn_nothing(world: World, of: dict[str, Any]) -> None:
    world.add(world.days(40, NOON))
    world.add(daily(world, 1, 40, 6, **of) + daily(world, 5, 6, **of))
    world.run(NOON)
    assert world.alerts() == []


def test_a_series_without_history_burns_nothing(world: World) -> None:
    world.add(world.days(6, NOON))
    world.add(daily(world, 4, 6))
    world.run(NOON)
    assert [a for a in world.alerts() if a["condition"] == "slow_burn"] == []


def test_it_is_told_once_while_it_lasts_and_then_resolves(world: World) -> None:
    burning(world)
    for day in range(8):
        at = NOON + day * DAY
        if day:
            world.add(world.days(1, at + DAY))
        world.run(at)
    alert = world.alert()
    assert (alert["state"], alert["resolved_reason"]) == ("resolved", "subsided")
    assert [what for what in world.events() if what != "updated"] == ["opened", "resolved"]


def test_days_later_it_is_one_condition_of_more_days(world: World) -> None:
    burning(world)
    world.run(NOON)
    world.add([*world.days(1, NOON + DAY), *daily(world, 5, 0, -1)])
    world.run(NOON + DAY)
    (part,) = world.ask("SELECT window_minutes, observed FROM alert_series")
    assert (part["window_minutes"], part["observed"]) == (7 * 24 * 60, 36)


def test_a_surge_joins_it_and_is_told(world: World) -> None:
    burning(world)
    world.run(NOON)
    world.add(world.burst(12, NOON + HOUR))
    world.run(NOON + HOUR)
    alert = world.alert()
    assert (alert["condition"], alert["state"]) == ("surge", "firing")
    assert world.events() == ["opened", "raised"]
    world.run(NOON + HOUR)
    assert world.events() == ["opened", "raised"]
    parts = world.ask("SELECT condition FROM alert_series")
    assert sum(part["condition"] == "slow_burn" for part in parts) == 1


def test_a_surge_that_joins_one_that_was_found_late_is_no_late_find(world: World) -> None:
    burning(world)
    world.run(NOON + 2 * DAY)
    assert world.alert()["historical"]
    world.add(world.burst(12, NOON + 2 * DAY))
    world.run(NOON + 2 * DAY)
    assert (world.alert()["condition"], world.alert()["historical"]) == ("surge", False)


def test_a_surge_rings_though_a_slow_burn_was_ended_by_an_analyst(world: World) -> None:
    burning(world)
    world.run(NOON)
    world.judge("false_alarm", NOON)
    world.run(NOON + HOUR)
    assert len(world.alerts()) == 1
    world.add(world.burst(8, NOON + 2 * HOUR))
    world.run(NOON + 2 * HOUR)
    assert [alert["state"] for alert in world.alerts()] == ["resolved", "firing"]


def test_why_tells_the_sum_and_from_which_on_it_rings(world: World) -> None:
    world.add(world.days(40, NOON))
    world.add(daily(world, 1, 40, 3) + daily(world, 4, 3))
    world.run(NOON)
    link = connect(world.url, "console")
    try:
        with transaction(link) as cursor:
            answer = why(cursor, "harbour", NOON)
    finally:
        link.close()
    assert answer.burn
    assert 0 < answer.burn.score < answer.burn_from
    assert (answer.burn.days, answer.burn.negative) == (3, 12)
