"""An acknowledgement ends when it was said to; then the alert fires, and is told, again."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.store import judging
from pipeline.store.connection import connect
from pipeline.store.judging import Decision, Outcome, Terms
from tests.integration.alerts.office import Office
from tests.integration.alerts.test_silences import lay
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def take_on(world: World, terms: Terms | None, at: datetime = NOON, who: str = "ann") -> Outcome:
    with closing(connect(world.url, "console")) as link:
        return judging.acknowledge(link, Decision(world.alert()["alert_id"], who, at), terms)


def lapses(world: World) -> list[dict[str, Any]]:
    return world.ask("SELECT actor, at, detail FROM alert_event WHERE what = 'lapsed' ORDER BY seq")


def test_it_fires_again_at_its_time_and_is_told_with_the_reason(office: Office) -> None:
    office.enrol()
    office.world.add(office.world.burst(9, NOON))
    office.run(NOON)
    take_on(office.world, Terms(until=NOON + HOUR))
    office.run(NOON + 59 * MINUTE)
    assert (office.world.alert()["state"], len(office.told())) == ("acknowledged", 1)
    for minutes in (60, 60, 61, 90):
        office.run(NOON + minutes * MINUTE)
    alert = office.world.alert()
    assert (alert["state"], alert["owner"], alert["acknowledged_until"]) == ("firing", "ann", None)
    (event,) = lapses(office.world)
    assert (event["actor"], event["detail"]) == ("tocsin", {"reason": "time"})
    assert office.told()[1:] == [f"Fires again: {office.told()[0]}"]


def test_one_that_holds_until_it_worsens_is_not_ended_by_a_story_more(world: World) -> None:
    world.add(world.burst(6, NOON))
    world.run(NOON)
    take_on(world, Terms(unless_worse=True))
    world.add(world.burst(2, NOON + 30 * MINUTE, minutes=10))
    world.run(NOON + 30 * MINUTE)
    assert (world.alert()["observed"], world.alert()["state"]) == (8, "acknowledged")
    world.add(world.burst(5, NOON + 50 * MINUTE, minutes=10))
    world.run(NOON + 50 * MINUTE)
    assert world.alert()["state"] == "firing"
    assert [event["detail"] for event in lapses(world)] == [{"reason": "worse"}]


def test_a_rise_in_severity_is_worse(world: World) -> None:
    world.add(world.days(10, NOON))
    stories = world.burst(9, NOON)
    world.add(stories[:5])
    world.run(NOON - 20 * MINUTE)
    assert world.alert()["severity"] == "low"
    take_on(world, Terms(unless_worse=True), NOON - 20 * MINUTE)
    world.add(stories[5:])
    world.run(NOON)
    alert = world.alert()
    assert alert["observed"] < 10
    assert (alert["severity"] != "low", alert["state"]) == (True, "firing")


def test_without_terms_it_holds_until_the_alert_is_resolved(world: World) -> None:
    world.add(world.days(10, NOON))
    world.add(world.burst(5, NOON))
    world.run(NOON)
    take_on(world, None)
    world.add(world.burst(9, NOON + 10 * MINUTE, minutes=9))
    world.run(NOON + 10 * MINUTE)
    world.run(NOON + 8 * HOUR)
    assert world.alert()["state"] == "acknowledged"
    assert lapses(world) == []


def test_terms_can_be_changed_and_taken_back(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    assert take_on(world, Terms(until=NOON + HOUR, comment="on it")) is Outcome.DONE
    assert take_on(world, None, NOON + MINUTE) is Outcome.ALREADY
    assert take_on(world, Terms(unless_worse=True), NOON + 2 * MINUTE, "ben") is Outcome.DONE
    alert = world.alert()
    assert (alert["acknowledged_until"], alert["worse_from"], alert["owner"]) == (None, 18, "ben")
    decision = Decision(alert["alert_id"], "ben", NOON + 2 * MINUTE)
    with closing(connect(world.url, "console")) as link:
        assert judging.undo(link, decision, MINUTE) is Outcome.DONE
    alert = world.alert()
    assert (alert["acknowledged_until"], alert["worse_from"]) == (NOON + HOUR, None)
    assert (alert["state"], alert["owner"]) == ("acknowledged", "ann")
    (first, *_) = world.ask(
        "SELECT detail FROM alert_event WHERE what = 'acknowledged' ORDER BY seq"
    )
    assert first["detail"]["comment"] == "on it"


def test_what_has_lapsed_is_not_taken_back(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    take_on(world, Terms(until=NOON + MINUTE))
    world.run(NOON + MINUTE)
    decision = Decision(world.alert()["alert_id"], "ann", NOON + MINUTE)
    with closing(connect(world.url, "console")) as link:
        assert judging.undo(link, decision, HOUR) is Outcome.TOO_LATE
    assert world.alert()["state"] == "firing"


def test_one_that_is_over_by_then_does_not_fire_again(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    take_on(world, Terms(until=NOON + 20 * HOUR))
    for hours in (14, 16, 21):
        world.run(NOON + hours * HOUR)
    assert world.alert()["state"] == "resolved"
    assert lapses(world) == []


def test_an_alert_merged_into_another_takes_its_end_along(world: World) -> None:
    world.add(world.burst(9, NOON - 10 * HOUR) + world.burst(9, NOON))
    world.run(NOON - 10 * HOUR)
    world.run(NOON)
    later = world.alerts()[-1]
    world.ask(
        "UPDATE alert SET state = 'acknowledged', owner = 'ann', acknowledged_until = %s"
        " WHERE alert_id = %s RETURNING 1",
        NOON + HOUR,
        later["alert_id"],
    )
    world.add(world.burst(9, NOON - 5 * HOUR))
    world.run(NOON + MINUTE)
    first = world.alerts()[0]
    assert (first["state"], first["acknowledged_until"]) == ("acknowledged", NOON + HOUR)


def critical(office: Office) -> None:
    office.enrol("desk", escalation={"to": "head", "after_minutes": 15})
    office.enrol("head", alerts=False)
    office.world.add(office.world.days(10, NOON))
    office.world.add(office.world.burst(12, NOON))
    office.run(NOON)


def escalated(office: Office) -> int:
    return sum(row["kind"] == "escalated" for row in office.deliveries())


def test_a_critical_one_is_escalated_when_it_fires_again_and_nobody_takes_it_on(
    office: Office,
) -> None:
    critical(office)
    take_on(office.world, Terms(until=NOON + HOUR), NOON + MINUTE)
    office.run(NOON + 30 * MINUTE)
    assert escalated(office) == 0
    for minutes, expected in ((60, 0), (74, 0), (75, 1), (80, 1)):
        office.run(NOON + minutes * MINUTE)
        assert escalated(office) == expected


def test_one_that_lapses_under_a_silence_is_told_when_the_silence_is_over(office: Office) -> None:
    critical(office)
    take_on(office.world, Terms(until=NOON + HOUR), NOON + MINUTE)
    lay(office.world, starts_at=NOON + 2 * MINUTE, ends_at=NOON + 2 * HOUR)
    office.run(NOON + HOUR)
    office.run(NOON + 100 * MINUTE)
    assert (len(office.told()), escalated(office)) == (1, 0)
    office.run(NOON + 2 * HOUR)
    assert office.told()[1].startswith("Fires again: [Critical]")
    office.run(NOON + 2 * HOUR + 15 * MINUTE)
    assert escalated(office) == 1
