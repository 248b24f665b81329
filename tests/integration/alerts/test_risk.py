"""Risk scores on a real database: idempotent as of their time, right for late news."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts.risk_run import RiskSummary, score_issuers
from pipeline.cli.main import build
from pipeline.store import retention
from pipeline.store.connection import connect
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
NOW = datetime.now(UTC).replace(second=0, microsecond=0) - 5 * MINUTE


def scored(world: World, as_of: datetime = NOON) -> RiskSummary:
    with world.connected() as link:
        return score_issuers(link, as_of, as_of)


def kept(world: World) -> list[dict[str, Any]]:
    return world.ask("SELECT * FROM risk_score ORDER BY entity_id, hour")


def of(world: World, issuer: str, hour: datetime) -> float:
    (row,) = world.ask(
        "SELECT score FROM risk_score WHERE entity_id = %s AND hour = %s", issuer, hour
    )
    return float(row["score"])


def test_an_issuer_in_trouble_scores_by_the_hour_and_a_calm_one_does_not(world: World) -> None:
    world.add(world.days(3, NOON) + world.burst(9, NOON - MINUTE, minutes=120))
    world.run(NOON)
    summary = scored(world, NOON + 10 * MINUTE)
    assert (summary.hours, summary.issuers) == (25, 1)
    rows = kept(world)
    assert [row["hour"] for row in rows] == [NOON - 3 * HOUR, *(NOON - n * HOUR for n in (2, 1, 0))]
    scores = [row["score"] for row in rows]
    assert 10 < scores[0] < scores[1] < scores[2] <= 100
    assert rows[-1]["as_of"] == NOON + 10 * MINUTE
    drivers = {driver["name"]: driver for driver in rows[-1]["drivers"]}
    assert drivers["share"]["facts"] == {"n": 9, "negative": 9, "days": 14}
    assert drivers["alerts"]["facts"] == {"severity": world.alert()["severity"]}
    assert drivers["alerts"]["points"] > 0
    assert sum(d["points"] for d in drivers.values()) == pytest.approx(rows[-1]["score"], abs=0.01)
    assert rows[-1]["weights"] == 1


def test_an_alert_counts_from_when_it_was_found_not_from_its_onset(world: World) -> None:
    world.add(world.burst(9, NOON, minutes=240))
    world.run(NOON + HOUR)
    scored(world, NOON + 2 * HOUR)
    found = {
        row["hour"]: {d["name"]: d["points"] for d in row["drivers"]}["alerts"]
        for row in kept(world)
    }
    assert world.alert()["onset"] < NOON
    assert {hour for hour, points in found.items() if points} == {
        NOON,  # as of its end, when the run was done
        NOON + HOUR,
        NOON + 2 * HOUR,
    }


def test_runs_may_be_repeated_late_and_out_of_order(world: World) -> None:
    world.add(world.burst(9, NOON, minutes=120))
    times = [NOON + 10 * MINUTE * n for n in range(1, 9)]
    for at in times:
        scored(world, at)
    once = kept(world)
    for at in [*reversed(times), times[3], times[-1]]:
        scored(world, at)
    assert kept(world) == once
    (heart,) = world.ask("SELECT as_of FROM heartbeat WHERE part = 'risk'")
    assert heart["as_of"] == times[-1]


def test_late_news_changes_the_hours_it_belongs_to_for_a_day(world: World) -> None:
    world.add(world.burst(3, NOON - HOUR, minutes=10))
    scored(world, NOON)
    before = of(world, "harbour", NOON - HOUR)
    world.add(world.burst(6, NOON - 90 * MINUTE, minutes=10))
    scored(world, NOON + 20 * HOUR)
    assert of(world, "harbour", NOON - HOUR) > before
    settled = of(world, "harbour", NOON - HOUR)
    world.add(world.burst(6, NOON - 90 * MINUTE, minutes=10))
    scored(world, NOON + 30 * HOUR)
    assert of(world, "harbour", NOON - HOUR) == settled


def test_a_story_that_is_corrected_takes_its_hours_along(world: World) -> None:
    (story,) = world.burst(1, NOON - HOUR)
    world.add([story])
    scored(world)
    assert kept(world)
    world.revise(story, p_negative=0.1)
    scored(world)
    assert kept(world) == []


def test_hours_without_a_run_are_made_up_for_but_not_of_last_month(world: World) -> None:
    world.add(world.burst(9, NOON, minutes=120))
    scored(world)
    assert scored(world, NOON + 40 * HOUR).hours == 41
    assert scored(world, NOON + 60 * DAY).hours == 7 * 24 + 1


def test_institutions_and_merged_stories_are_not_scored(world: World) -> None:
    first, second = world.burst(2, NOON - HOUR)
    world.add([first, second, *world.burst(3, NOON - HOUR, issuers=("regulator",))])
    world.ask(
        "UPDATE entity SET kind = 'institution' WHERE entity_id = 'regulator' RETURNING entity_id"
    )
    world.merge(second, first)
    scored(world)
    assert {row["entity_id"] for row in kept(world)} == {"harbour"}
    assert {d["name"]: d["facts"] for d in kept(world)[-1]["drivers"]}["share"]["n"] == 1


def test_scores_are_pruned_after_ninety_days(world: World) -> None:
    world.add(world.burst(9, NOON, minutes=120))
    scored(world, NOON + HOUR)
    link = connect(world.url, "retention")
    count = len(kept(world))
    assert retention.prune(link, NOON + 80 * DAY).risks == 0
    assert retention.due(link, NOON + 91 * DAY).risks == count
    assert retention.prune(link, NOON + 91 * DAY).risks == count
    assert kept(world) == []
    link.close()


@pytest.fixture
def terminal(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    monkeypatch.setenv("COLUMNS", "200")
    return world


def tocsin(*words: str) -> Result:
    return CliRunner().invoke(build(), ["risk", *words])


def test_a_score_is_shown_with_what_it_rests_on(terminal: World) -> None:
    terminal.add(terminal.days(2, NOW) + terminal.burst(9, NOW, minutes=60))
    terminal.run(NOW)
    assert "25 hours scored: 1 issuers have a score in them." in tocsin("run").output
    said = tocsin("show", "Harbour").output
    assert "Harbour (harbour): " in said
    assert " of 100 as of " in said
    assert "9 of 9 stories in 14 days are negative" in said
    assert "an open alert: " in said
    assert "for the first time in 30 days: Credit and debt" in said
    assert "█" in said
    assert "Nothing adds to it now." in tocsin("show", "bystander").output
    assert "No issuer has the id" in str(tocsin("show", "nobody").exception)


def test_scores_before_alerts_are_compared_with_ordinary_hours(terminal: World) -> None:
    assert "Nothing to compare" in tocsin("check").output
    terminal.add(terminal.days(9, NOW))
    early = terminal.burst(6, NOW - 3 * HOUR, minutes=300)
    terminal.add([type(s)(**vars(s) | {"publisher": "ledger"}) for s in early])
    terminal.add(terminal.burst(9, NOW, minutes=60))
    terminal.run(NOW)
    said = tocsin("check", "--days", "9").output
    assert "2 issuers with news" in said
    assert "-1 h from onset, 1 alerts:" in said
