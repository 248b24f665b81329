"""A topic rings where no issuer carries it: one alert, not five."""

from datetime import timedelta

import pytest

from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def subjects(world: World) -> list[tuple[str, str]]:
    return [(row["subject_kind"], row["subject"]) for row in world.alerts()]


def test_stories_without_an_issuer_ring_for_their_topic(world: World) -> None:
    world.add(world.burst(8, NOON, issuers=(), topic="commodities"))
    world.run(NOON)
    assert subjects(world) == [("topic", "commodities")]
    assert world.alert()["topic"] == "commodities"
    assert len(world.evidence()) == 8


def test_what_one_issuer_carries_rings_for_the_issuer_alone(world: World) -> None:
    world.add(world.burst(12, NOON))
    world.run(NOON)
    assert subjects(world) == [("issuer", "harbour")]


def test_two_issuers_with_bad_news_are_two_alerts_and_no_topic(world: World) -> None:
    world.add(world.burst(9, NOON, issuers=("bank",)) + world.burst(9, NOON, issuers=("builder",)))
    world.add(world.burst(2, NOON, issuers=("third",)))
    world.run(NOON)
    assert subjects(world) == [("issuer", "bank"), ("issuer", "builder")]


def test_half_told_stories_of_several_issuers_do_not_ring_for_the_topic(world: World) -> None:
    for issuer in ("bank", "builder", "broker"):
        world.add(world.burst(4, NOON, issuers=(issuer,)))
    world.run(NOON)
    assert world.alerts() == []


def test_many_issuers_hit_at_once_ring_for_the_topic(world: World) -> None:
    for number, story in enumerate(world.burst(6, NOON)):
        world.add([type(story)(**vars(story) | {"issuers": (f"issuer {number}",)})])
    world.run(NOON)
    assert subjects(world) == [("topic", "credit_debt")]


def test_a_story_about_an_issuer_in_alert_is_not_the_topics(world: World) -> None:
    world.add(world.burst(9, NOON, issuers=("bank",)))
    world.add(world.burst(4, NOON, issuers=()))
    world.add(world.burst(1, NOON, issuers=("other", "bank")))
    world.run(NOON)
    assert subjects(world) == [("issuer", "bank")]


def test_an_open_topic_alert_stays_when_one_of_its_issuers_gets_its_own(world: World) -> None:
    world.add(world.burst(5, NOON - 30 * MINUTE, issuers=()))
    world.add(world.burst(1, NOON - 30 * MINUTE, issuers=("bank",)))
    world.run(NOON - 30 * MINUTE)
    world.add(world.burst(8, NOON, minutes=20, issuers=("bank",)))
    world.run(NOON)
    assert {(row["subject"], row["state"]) for row in world.alerts()} == {
        ("credit_debt", "firing"),
        ("bank", "firing"),
    }


@pytest.mark.parametrize("topic", ["not_finance", "other_finance"])
def test_what_has_nothing_in_common_is_never_a_topic(world: World, topic: str) -> None:
    world.add(world.burst(12, NOON, issuers=(), topic=topic))
    world.run(NOON)
    assert world.alerts() == []


def test_institutions_are_not_watched(world: World) -> None:
    stories = world.burst(9, NOON, issuers=("regulator",), topic="other_finance")
    world.add(stories[:1])
    world.ask("UPDATE entity SET kind = 'institution' RETURNING 1")
    world.add(stories[1:])
    world.run(NOON)
    assert world.alerts() == []


@pytest.mark.parametrize("of", [{"p_negative": 0.59}, {"relevance": 0.49}, {"publisher": "ledger"}])
def test_what_is_not_surely_negative_not_about_it_or_of_one_house_does_not_ring(
    world: World, of: dict[str, object]
) -> None:
    stories = [type(s)(**vars(s) | of) for s in world.burst(12, NOON)]
    world.add(stories)
    world.run(NOON)
    assert world.alerts() == []


def test_one_story_reprinted_forty_times_does_not_ring(world: World) -> None:
    (story,) = world.burst(1, NOON)
    world.add([story])
    for number in range(40):
        world.copy(story, ("ledger", "post", "markets", "caixun")[number % 4])
    world.run(NOON)
    assert world.alerts() == []


def test_copies_by_other_houses_bring_their_publishers_to_the_count(world: World) -> None:
    stories = [type(s)(**vars(s) | {"publisher": "ledger"}) for s in world.burst(5, NOON)]
    world.add(stories)
    world.run(NOON)
    assert world.alerts() == []
    world.copy(stories[0], "post")
    world.copy(stories[1], "markets")
    world.run(NOON + MINUTE)
    alert = world.alert()
    assert (alert["publishers"], alert["copies"]) == (3, 2)


def busy(world: World) -> None:
    """An issuer with an unpleasant story about its earnings every 90 minutes, for 18 days."""
    world.add(world.days(30, NOON))
    world.add(world.burst(18 * 16, NOON - 2 * HOUR, 18 * 24 * 60, topic="earnings"))


def test_a_surge_within_one_topic_of_a_busy_issuer_rings_for_the_issuer(world: World) -> None:
    busy(world)
    world.add(world.burst(4, NOON, topic="fraud"))
    world.run(NOON)
    alert = world.alert()
    assert (alert["subject_kind"], alert["subject"]) == ("issuer", "harbour")
    assert (alert["within_topic"], alert["topic"], alert["observed"]) == (True, "fraud", 4)
    kinds = world.ask("SELECT DISTINCT kind, topic FROM alert_series JOIN series USING (series_id)")
    assert [tuple(row.values()) for row in kinds] == [("issuer_topic", "fraud")]
    shown = world.ask("SELECT topic FROM alert_evidence")
    assert [row["topic"] for row in shown].count("fraud") == 4


def test_it_becomes_the_issuers_when_the_issuer_surges_as_a_whole(world: World) -> None:
    busy(world)
    world.add(world.burst(4, NOON, topic="fraud"))
    world.run(NOON)
    world.add(world.burst(25, NOON + 30 * MINUTE, minutes=25, topic="legal"))
    world.run(NOON + 30 * MINUTE)
    alert = world.alert()
    assert not alert["within_topic"]
    assert alert["observed"] > 25


def test_the_same_stories_spread_over_topics_ring_for_nobody(world: World) -> None:
    busy(world)
    for topic in ("fraud", "legal", "ratings", "management"):
        world.add(world.burst(1, NOON, topic=topic))
    world.run(NOON)
    assert world.alerts() == []
