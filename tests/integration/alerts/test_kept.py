"""What came near an alert, what another carries, and what was found too late is kept with why."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipeline.alerts.why import why
from pipeline.store import retention
from pipeline.store.connection import connect, transaction
from pipeline.store.suppressions import Suppression
from tests.integration.alerts.office import Office
from tests.integration.alerts.world import NOON, Story, World

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def kept(world: World, subject: str = "harbour") -> list[dict[str, Any]]:
    return world.ask(
        "SELECT * FROM suppression WHERE subject = %s ORDER BY first_at, reason", subject
    )


def watched(world: World) -> None:
    world.add(world.days(30, NOON + 2 * DAY))


def of_one_publisher(stories: list[Story]) -> list[Story]:
    return [replace(story, publisher="ledger") for story in stories]


def asked(world: World, issuer: str = "harbour") -> list[Suppression]:
    with closing(connect(world.url, "console")) as link, transaction(link) as cursor:
        return why(cursor, issuer, NOON + MINUTE).suppressions


def test_improbable_news_of_one_publisher_is_a_near_miss(world: World) -> None:
    watched(world)
    world.add(of_one_publisher(world.burst(8, NOON, 50)))
    world.run(NOON)
    assert world.alerts() == []
    (row,) = kept(world)
    assert (row["reason"], row["alert_id"], row["lifted_at"]) == ("too_few_publishers", None, None)
    detail = row["detail"]
    assert (detail["observed"], detail["publishers"]) == (8, 1)
    assert detail["p_value"] < 5e-4
    assert [found.reason for found in asked(world)] == ["too_few_publishers"]


def test_one_story_short_is_a_near_miss_and_two_are_not(world: World) -> None:
    watched(world)
    world.add(world.burst(3, NOON) + world.burst(2, NOON, issuers=("other",)))
    world.run(NOON)
    assert {row["reason"] for row in kept(world)} == {"too_few_stories"}
    assert kept(world, "other") == []


def test_a_story_short_from_too_few_publishers_is_none(world: World) -> None:
    watched(world)
    world.add(of_one_publisher(world.burst(3, NOON)))
    world.run(NOON)
    assert kept(world) == []


def near(world: World) -> list[dict[str, Any]]:
    """The near misses of the last week."""
    rows = kept(world)
    return [row for row in rows if not row["alert_id"] and row["last_at"] > NOON - 7 * DAY]


def test_what_is_nearly_improbable_is_kept_and_what_is_usual_is_not(world: World) -> None:
    watched(world)
    usual = world.burst(18 * 16, NOON - HOUR, 18 * 24 * 60, topic="earnings")
    world.add(usual)
    world.run(NOON - HOUR)
    # Of its first days, when it had no history, some came near.
    assert near(world) == []
    for story in world.burst(14, NOON, 30, topic="earnings"):
        world.add([story])
        world.run(story.at)
        if near(world):
            break
    (row,) = near(world)
    assert row["reason"] == "usual"
    assert 1e-4 <= row["detail"]["p_value"] < 5e-3


def test_however_often_and_late_it_is_looked_at_it_is_one_row(world: World) -> None:
    watched(world)
    stories = of_one_publisher(world.burst(9, NOON, 240))
    for story in stories:
        world.add([story])
        for _ in range(2):
            world.run(story.at)
    world.run(NOON)
    world.run(NOON + HOUR)
    (row,) = kept(world)
    assert row["first_at"] < NOON - HOUR
    assert row["last_at"] >= NOON
    assert row["detail"]["observed"] == 9


def test_another_day_is_another_row(world: World) -> None:
    watched(world)
    world.add(of_one_publisher(world.burst(8, NOON)))
    world.run(NOON)
    later = NOON + DAY + 8 * HOUR
    world.add(of_one_publisher(world.burst(9, later)))
    world.run(later)
    assert len(kept(world)) == 2


def test_what_was_raised_after_all_is_said_to_be_and_an_alert_has_no_near_miss_of_its_own(
    world: World,
) -> None:
    watched(world)
    stories = world.burst(9, NOON)
    world.add(stories[:3])
    world.run(stories[2].at)
    (row,) = kept(world)
    assert row["lifted_at"] is None
    world.add(stories[3:])
    world.run(NOON)
    world.run(NOON + MINUTE)
    (row,) = kept(world)
    assert (len(world.alerts()), row["lifted_at"]) == (1, NOON)


def test_without_history_the_fixed_rule_has_near_misses_too(world: World) -> None:
    world.add(world.burst(4, NOON) + of_one_publisher(world.burst(9, NOON, issuers=("other",))))
    world.run(NOON)
    assert [row["reason"] for row in kept(world)] == ["too_few_stories"]
    assert [row["reason"] for row in kept(world, "other")] == ["too_few_publishers"]


def test_a_topic_that_issuers_alerts_carry_is_kept_as_inhibited(world: World) -> None:
    issuers = ("harbour", "castle", "quarry", "mill", "ferry", "tower")
    for issuer in issuers:
        world.add(world.burst(7, NOON, issuers=(issuer,)))
    for at in (NOON, NOON, NOON + MINUTE):
        world.run(at)
    assert {alert["subject_kind"] for alert in world.alerts()} == {"issuer"}
    (row,) = kept(world, "credit_debt")
    assert (row["reason"], row["subject_kind"]) == ("inhibited", "topic")
    assert row["detail"]["issuers"] == sorted(issuers)
    assert row["detail"]["observed"] == len(issuers)
    assert [found.reason for found in asked(world)] == ["inhibited"]


def test_what_would_not_ring_with_the_carried_stories_either_is_not_inhibited(
    world: World,
) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    assert kept(world, "credit_debt") == []


def test_what_was_found_too_late_to_tell_is_kept(office: Office) -> None:
    office.enrol()
    office.world.add(office.world.burst(9, NOON - 2 * DAY))
    office.run(NOON)
    office.run(NOON + MINUTE)
    (row,) = kept(office.world)
    assert (row["reason"], row["first_at"]) == ("historical", NOON)
    assert row["alert_id"] == office.world.alert()["alert_id"]


@pytest.mark.parametrize("origin", ["replay", "backfill"])
def test_a_replay_suppresses_nothing_by_being_old(world: World, origin: str) -> None:
    world.add(world.burst(9, NOON - 2 * DAY, origin=origin))
    world.run(NOON)
    assert kept(world) == []


def test_after_thirty_days_it_is_forgotten(world: World) -> None:
    watched(world)
    world.add(of_one_publisher(world.burst(8, NOON)))
    world.run(NOON)
    with closing(connect(world.url, "retention")) as link:
        assert retention.prune(link, NOON + 30 * DAY).suppressions == 0
        assert retention.due(link, NOON + 31 * DAY).suppressions == 1
        assert retention.prune(link, NOON + 31 * DAY).suppressions == 1
        assert retention.prune(link, NOON + 31 * DAY).suppressions == 0
    assert kept(world) == []
