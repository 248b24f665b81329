"""Why there was no alert: every window of the day, with its count, what is usual and the reason."""

from datetime import timedelta

import pytest

from pipeline.alerts.issuers import UnknownIssuer
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.why import Answer, why
from pipeline.store.connection import connect, transaction
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def asked(world: World, name: str = "harbour") -> Answer:
    link = connect(world.url, "console")
    try:
        with transaction(link) as cursor:
            return why(cursor, name, NOON)
    finally:
        link.close()


def test_the_window_that_came_nearest_comes_first_with_its_reason(world: World) -> None:
    world.add(world.days(30, NOON))
    world.add(world.burst(3, NOON))
    world.run(NOON)
    answer = asked(world)
    assert (answer.days, answer.needed, answer.alerts) == (14, 14, [])
    first = answer.looks[0]
    assert (first.observed, first.threshold, first.reason) == (3, 4, Reason.TOO_FEW_STORIES)


def test_a_count_that_is_usual_says_from_which_on_it_would_not_be(world: World) -> None:
    world.add(world.days(30, NOON))
    world.add(world.burst(18 * 16, NOON, 18 * 24 * 60, topic="earnings"))
    world.run(NOON)
    day = next(look for look in asked(world).looks if look.window == 24 * HOUR)
    assert (day.observed, day.reason) == (16, Reason.USUAL)
    assert day.threshold > 16


def test_one_publisher_is_named_as_what_was_missing(world: World) -> None:
    world.add(world.days(30, NOON))
    world.add([type(s)(**vars(s) | {"publisher": "ledger"}) for s in world.burst(8, NOON)])
    world.run(NOON)
    assert {look.reason for look in asked(world).looks} == {
        Reason.TOO_FEW_PUBLISHERS,
        Reason.TOO_FEW_STORIES,
    }


def test_an_alert_that_was_there_is_told(world: World) -> None:
    world.add(world.days(30, NOON))
    world.add(world.burst(9, NOON))
    world.run(NOON)
    answer = asked(world)
    assert [alert.state for alert in answer.alerts] == ["firing"]
    assert Reason.SURGING in {look.reason for look in answer.looks}


def test_an_issuer_without_any_story_has_no_windows(world: World) -> None:
    world.add(world.days(30, NOON))
    assert asked(world, "bystander").looks == []


def test_asking_changes_nothing(world: World) -> None:
    world.add(world.burst(9, NOON))
    before = world.ask("SELECT * FROM bucket_change ORDER BY id")
    asked(world)
    assert world.ask("SELECT * FROM bucket_change ORDER BY id") == before
    assert world.alerts() == []


def test_a_name_of_nobody_is_a_clear_error(world: World) -> None:
    with pytest.raises(UnknownIssuer, match="No issuer has the id, name, code or alias Nobody"):
        asked(world, "Nobody")
