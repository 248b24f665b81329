"""The life of an alert, on a real database: raised once, kept in step with what is known."""

from datetime import timedelta

import pytest

from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_a_surge_on_an_issuer_is_one_alert_with_its_evidence(world: World) -> None:
    world.add(world.burst(9, NOON))
    summary = world.run(NOON)
    alert = world.alert()
    assert summary.events == {"opened": [alert["alert_id"]]}
    assert (alert["subject_kind"], alert["subject"], alert["topic"]) == (
        "issuer",
        "harbour",
        "credit_debt",
    )
    assert (alert["state"], alert["observed"], alert["publishers"]) == ("firing", 9, 4)
    assert alert["onset"] == NOON - HOUR
    assert alert["cold_start"]
    assert not alert["historical"]
    assert len(world.evidence()) == 9


def test_running_three_times_raises_it_once(world: World) -> None:
    world.add(world.burst(9, NOON))
    for minute in range(3):
        world.run(NOON + minute * MINUTE)
    assert world.events() == ["opened"]
    assert world.alert()["evaluated_as_of"] == NOON + 2 * MINUTE
