"""One story of a severe event is an alert, and what follows on it is the same one."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline.alerts.history import leading
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.why import why
from pipeline.store import reading
from pipeline.store.connection import connect, transaction
from tests.integration.alerts.world import NOON, Story, World

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DEFAULT = "Harbour defaults on dollar bond"


def event(world: World, **of: Any) -> Story:
    """A report of a default, by a wire, an hour ago."""
    values: dict[str, Any] = {"at": NOON - HOUR, "headline": DEFAULT}
    return Story(next(world.numbers), **values | of)


def test_one_story_of_a_trusted_publisher_rings(world: World) -> None:
    world.add([*world.days(30, NOON), event(world)])
    world.run(NOON)
    alert = world.alert()
    assert (alert["state"], alert["severity"], alert["condition"]) == ("firing", "high", "severe")
    assert (alert["observed"], alert["publishers"], alert["usual_high"]) == (1, 1, 0)
    (part,) = world.ask("SELECT condition, detail FROM alert_series")
    assert (part["condition"], part["detail"]["phrase"]) == ("severe", "defaults")
    assert [row["title"] for row in world.evidence()] == [DEFAULT]


def test_a_series_without_history_rings_too(world: World) -> None:
    world.add([event(world)])
    world.run(NOON)
    assert world.alert()["condition"] == "severe"


@pytest.mark.parametrize(
    "of",
    [
        {"publisher": "blog", "tier": "self-media"},
        {"p_negative": 0.7},
        {"topic": "earnings"},
        {"headline": "Harbour denies default"},
        {"kind": "denial"},
        {"issuers": ()},
    ],
)
def test_what_does_not_ring_leaves_no_alert(world: World, of: dict[str, Any]) -> None:
    world.add([*world.days(30, NOON), event(world, **of)])
    world.run(NOON)
    assert world.alerts() == []


def test_it_resolves_itself_after_the_cool_down(world: World) -> None:
    world.add([*world.days(30, NOON), event(world)])
    for hour in range(9):
        world.run(NOON + hour * HOUR)
    alert = world.alert()
    assert (alert["state"], alert["resolved_reason"]) == ("resolved", "subsided")
    assert alert["resolved_at"] == NOON + 6 * HOUR
    assert world.events() == ["opened", "resolved"]


def test_neither_a_copy_nor_another_report_rings_again(world: World) -> None:
    first = event(world)
    world.add([*world.days(30, NOON), first])
    world.run(NOON)
    world.copy(first, "post", NOON + HOUR)
    world.run(NOON + 8 * HOUR)
    world.add([event(world, at=NOON + 20 * HOUR, headline="Bond default hits Harbour")])
    world.run(NOON + 21 * HOUR)
    # The copy is told of, as its publisher now counts.
    assert world.events() == ["opened", "updated", "resolved"]


def test_a_trusted_copy_counts_from_its_own_time_on(world: World) -> None:
    blog = event(world, publisher="blog", tier="self-media")
    world.add([*world.days(30, NOON), blog, event(world, issuers=("other",))])
    world.copy(blog, "ledger", NOON + HOUR)
    world.run(NOON)
    assert [alert["subject"] for alert in world.alerts()] == ["other"]
    world.copy(blog, "ledger", NOON + HOUR)
    world.run(NOON + 2 * HOUR)
    assert {alert["subject"] for alert in world.alerts()} == {"harbour", "other"}


def test_a_surge_that_follows_joins_it_and_speaks_for_it(world: World) -> None:
    world.add([*world.days(30, NOON), event(world)])
    world.run(NOON)
    world.add(world.burst(8, NOON + 2 * HOUR))
    world.run(NOON + 2 * HOUR)
    alert = world.alert()
    assert (alert["condition"], alert["state"]) == ("surge", "firing")
    parts = {row["condition"] for row in world.ask("SELECT condition FROM alert_series")}
    assert parts == {"surge", "severe"}
    assert world.events()[0] == "opened"


def test_a_correction_takes_it_back(world: World) -> None:
    story = event(world)
    world.add([*world.days(30, NOON), story])
    world.run(NOON)
    world.revise(story, kind="correction")
    world.run(NOON + MINUTE)
    assert world.alert()["resolved_reason"] == "corrected"


def test_what_an_analyst_ended_stays_ended_until_another_event(world: World) -> None:
    world.add([*world.days(30, NOON), event(world)])
    world.run(NOON)
    world.judge("false_alarm", NOON + MINUTE)
    for minute in (2, 3):
        world.run(NOON + minute * MINUTE)
    assert len(world.alerts()) == 1
    probe = event(world, at=NOON + HOUR, headline="Regulator opens probe into Harbour")
    world.add([probe])
    for hour in (1, 2, 3):
        world.run(NOON + hour * HOUR + MINUTE)
    first, second = world.alerts()
    assert (first["resolved_reason"], second["state"]) == ("false_alarm", "firing")
    assert second["reopened_from"] == first["alert_id"]


def test_the_order_and_the_number_of_runs_change_nothing(world: World) -> None:
    stories = [event(world), *world.burst(8, NOON + 2 * HOUR)]
    world.add(world.days(30, NOON))
    for story in reversed(stories):
        world.add([story])
        world.run(NOON + 2 * HOUR)
    world.run(NOON + 2 * HOUR)
    open_now = [alert for alert in world.alerts() if not alert["merged_into"]]
    assert [(alert["severity"], alert["onset"]) for alert in open_now] == [
        ("high", NOON - HOUR),
    ]


def test_one_story_keeps_no_day_out_of_the_baseline(world: World) -> None:
    def expected(tier: str) -> list[dict[str, Any]]:
        world.clear()
        past = event(world, at=NOON - 3 * DAY, tier=tier)
        world.add([*world.days(30, NOON), past])
        world.run(NOON - 3 * DAY + HOUR)
        world.add(world.burst(9, NOON))
        world.run(NOON)
        return world.ask("SELECT expected FROM alert_series WHERE condition = 'surge'")

    rang, silent = expected("wire"), expected("portal")
    assert rang == silent


def test_why_names_headlines_that_ring_and_those_that_do_not(world: World) -> None:
    blog = event(world, publisher="blog", tier="self-media", headline="Harbour insolvent")
    world.add([*world.days(30, NOON), event(world), blog])
    world.run(NOON)
    link = connect(world.url, "console")
    try:
        with transaction(link) as cursor:
            reports = why(cursor, "harbour", NOON).reports
            alert = reading.alerts(cursor, reading.Filter())[0]
            led_by = leading(alert, reading.contributing(cursor, alert.alert_id))
    finally:
        link.close()
    assert {report.reason for report in reports} == {Reason.SEVERE, Reason.NOT_TRUSTED}
    assert alert.detail["title"] == DEFAULT
    assert led_by
    assert led_by.detail == alert.detail
