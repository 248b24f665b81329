"""The life of an alert, on a real database: raised once, kept in step with what is known."""

import random
import threading
from datetime import timedelta

import pytest

from pipeline.alerts.run import run
from tests.integration.alerts.world import NOON, Story, World

pytestmark = pytest.mark.slow

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def test_a_surge_on_an_issuer_is_one_alert(world: World) -> None:
    world.add(world.burst(9, NOON))
    summary = world.run(NOON)
    alert = world.alert()
    assert summary.events == {"opened": [alert["alert_id"]]}
    assert (alert["subject_kind"], alert["subject"]) == ("issuer", "harbour")
    assert (alert["state"], alert["topic"], alert["model_id"]) == (
        "firing",
        "credit_debt",
        "stub-1",
    )
    assert (alert["observed"], alert["publishers"], alert["window_minutes"]) == (9, 4, 360)
    assert (alert["onset"], alert["last_surge_at"]) == (NOON - HOUR, NOON + 5 * MINUTE)
    assert (alert["cold_start"], alert["historical"], alert["origin"]) == (True, False, "live")
    assert (alert["rule_id"], alert["rule_version"]) == ("surge", 1)
    assert [row["window_minutes"] for row in world.ask("SELECT * FROM alert_series")] == [360]
    (beat,) = world.ask("SELECT * FROM heartbeat WHERE part = 'alerts'")
    assert beat["as_of"] == NOON


def test_running_three_times_raises_it_once(world: World) -> None:
    world.add(world.burst(9, NOON))
    for minute in range(3):
        world.run(NOON + minute * MINUTE)
    assert world.events() == ["opened"]
    assert world.alert()["evaluated_as_of"] == NOON + 2 * MINUTE


def test_three_runs_at_once_raise_it_once(world: World) -> None:
    world.add(world.burst(9, NOON))
    failures: list[BaseException] = []

    def once() -> None:
        try:
            with world.connected() as link:
                run(link, NOON, now=NOON)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=once) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert world.events() == ["opened"]
    assert world.ask("SELECT * FROM bucket_change") == []


def test_a_run_that_dies_half_way_leaves_everything_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(world.burst(9, NOON))
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.store.alerts.end", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            world.run(NOON)
    assert world.alerts() == world.ask("SELECT * FROM bucket") == []
    world.run(NOON)
    assert world.events() == ["opened"]


def test_a_run_for_an_earlier_time_never_moves_time_back(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    summary = world.run(NOON - 2 * HOUR)
    assert summary.as_of == NOON
    assert world.events() == ["opened"]
    assert world.alert()["evaluated_as_of"] == NOON


def test_what_lies_ahead_of_the_evaluated_time_waits_for_it(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON - 40 * MINUTE)
    assert world.alerts() == []
    assert world.ask("SELECT * FROM bucket_change") != []
    world.run(NOON)
    assert world.alert()["observed"] == 9


def test_stories_one_by_one_raise_it_once_and_let_it_grow(world: World) -> None:
    for story in world.burst(12, NOON):
        world.add([story])
        world.run(story.at + MINUTE)
    assert world.alert()["observed"] == 12
    assert (world.events()[0], len(world.events())) == ("opened", 8)
    assert set(world.events()[1:]) == {"updated", "raised"}


def test_severity_rises_with_an_event_and_never_falls(world: World) -> None:
    stories = world.burst(12, NOON)
    world.add(world.days(10, NOON))
    world.add(stories[:5])
    world.run(NOON - 30 * MINUTE)
    first = world.alert()["severity"]
    world.add(stories[5:])
    world.run(NOON)
    risen = world.alert()["severity"]
    for story in stories[5:9]:
        world.revise(story, p_negative=0.1)
    world.run(NOON + MINUTE)
    assert (first, risen, world.alert()["severity"]) == ("low", "critical", "critical")
    assert world.events() == ["opened", "raised", "updated"]


def test_a_late_story_moves_the_onset_under_the_same_alert(world: World) -> None:
    world.add(world.burst(6, NOON))
    world.run(NOON)
    before = world.alert()
    world.add(world.burst(2, NOON - 3 * HOUR, minutes=30))
    world.run(NOON + MINUTE)
    after = world.alert()
    assert after["alert_id"] == before["alert_id"]
    assert after["onset"] == NOON - 3 * HOUR - 30 * MINUTE
    assert after["observed"] == 8


def test_a_merge_below_the_threshold_resolves_it_as_corrected(world: World) -> None:
    stories = world.burst(5, NOON)
    world.add(stories)
    world.run(NOON)
    world.merge(stories[1], stories[0])
    summary = world.run(NOON + MINUTE)
    alert = world.alert()
    assert (alert["state"], alert["resolved_reason"]) == ("resolved", "corrected")
    assert summary.events == {"resolved": [alert["alert_id"]]}
    assert [row["withdrawn"] for row in world.evidence()] == [False, True, False, False, False]


def test_a_merge_that_leaves_enough_only_counts_fewer(world: World) -> None:
    stories = world.burst(9, NOON)
    world.add(stories)
    world.run(NOON)
    world.merge(stories[1], stories[0])
    world.run(NOON + MINUTE)
    assert (world.alert()["state"], world.alert()["observed"]) == ("firing", 8)


def test_corrections_resolve_it_and_their_evidence_is_marked_not_deleted(world: World) -> None:
    stories = world.burst(6, NOON)
    world.add(stories)
    world.run(NOON)
    for story in stories:
        world.revise(story, kind="correction", p_negative=0.2)
    world.run(NOON + 2 * MINUTE)
    assert world.alert()["resolved_reason"] == "corrected"
    evidence = world.evidence()
    assert [row["withdrawn"] for row in evidence] == [True] * 6
    assert {row["title"] for row in evidence} == {f"Story {s.number}" for s in stories}


@pytest.mark.parametrize("kind", ["denial", "correction"])
def test_denials_and_corrections_are_no_bad_news_however_they_sound(
    world: World, kind: str
) -> None:
    world.add(world.burst(4, NOON) + world.burst(6, NOON, kind=kind))
    world.run(NOON)
    assert world.alerts() == []


def test_evidence_is_capped_and_a_denial_is_still_shown(world: World) -> None:
    world.add(world.burst(55, NOON))
    world.run(NOON)
    assert len(world.evidence()) == 50
    world.add(world.burst(1, NOON + MINUTE, kind="denial", p_negative=0.1))
    world.run(NOON + 2 * MINUTE)
    (denial,) = [row for row in world.evidence() if row["kind"] == "denial"]
    assert not denial["withdrawn"]
    assert len(world.evidence()) == 51


def test_a_denial_after_the_correction_is_shown_too(world: World) -> None:
    stories = world.burst(5, NOON)
    world.add(stories)
    world.run(NOON)
    world.revise(stories[0], p_negative=0.1, kind="correction")
    world.run(NOON + MINUTE)
    assert world.alert()["resolved_reason"] == "corrected"
    world.add(world.burst(1, NOON + 3 * MINUTE, kind="denial", p_negative=0.1))
    world.run(NOON + 5 * MINUTE)
    assert [row["kind"] for row in world.evidence()].count("denial") == 1


@pytest.mark.parametrize("reason", ["false_alarm", "closed"])
def test_what_an_analyst_ended_is_not_raised_again_by_the_same_surge(
    world: World, reason: str
) -> None:
    stories = world.burst(12, NOON)
    world.add(stories[:8])
    world.run(NOON - 10 * MINUTE)
    world.judge(reason, NOON - 9 * MINUTE)
    world.add(stories[8:])
    for minute in range(3):
        world.run(NOON + minute * MINUTE)
    alert = world.alert()
    assert (alert["state"], alert["resolved_reason"], alert["observed"]) == ("resolved", reason, 8)
    assert alert["last_surge_at"] == NOON + 5 * MINUTE


def test_a_surge_of_twice_what_an_analyst_ended_is_an_alert_of_its_own(world: World) -> None:
    world.add(world.burst(6, NOON - 30 * MINUTE))
    world.run(NOON - 20 * MINUTE)
    world.judge("false_alarm", NOON - 19 * MINUTE)
    world.add(world.burst(14, NOON))
    for minute in range(3):
        world.run(NOON + minute * MINUTE)
    first, second = world.alerts()
    assert (first["resolved_reason"], first["observed"]) == ("false_alarm", 6)
    assert (second["state"], second["observed"]) == ("firing", 20)
    assert second["reopened_from"] == first["alert_id"]


def test_late_news_between_two_alerts_folds_the_second_into_the_first(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    world.run(NOON + 14 * HOUR)
    world.add(world.burst(9, NOON + 15 * HOUR))
    world.run(NOON + 15 * HOUR)
    world.ask("UPDATE alert SET state = 'acknowledged' WHERE state = 'firing' RETURNING 1")
    first, second = world.alerts()
    assert second["reopened_from"] == first["alert_id"]
    for late in range(2, 15, 2):
        world.add(world.burst(6, NOON + late * HOUR))
    for minute in range(3):
        world.run(NOON + 15 * HOUR + minute * MINUTE)
    first, second = world.alerts()
    assert (second["resolved_reason"], second["merged_into"]) == ("merged", first["alert_id"])
    assert (first["state"], first["onset"]) == ("acknowledged", NOON - HOUR)
    assert first["last_surge_at"] == NOON + 15 * HOUR + 5 * MINUTE


def test_when_the_surge_is_over_for_the_cool_down_it_subsides(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    for hour in range(1, 12):
        world.run(NOON + hour * HOUR)
    assert world.alert()["state"] == "firing"
    world.run(NOON + 12 * HOUR)
    alert = world.alert()
    assert (alert["state"], alert["resolved_reason"]) == ("resolved", "subsided")
    assert world.events() == ["opened", "resolved"]


def test_a_new_surge_after_that_is_a_new_alert_that_names_the_old_one(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    world.run(NOON + DAY)
    world.add(world.burst(7, NOON + 2 * DAY))
    world.run(NOON + 2 * DAY)
    first, second = world.alerts()
    assert (first["state"], second["state"]) == ("resolved", "firing")
    assert second["reopened_from"] == first["alert_id"]


def test_a_new_surge_found_by_the_first_run_after_an_outage_does_the_same(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON)
    world.add(world.burst(7, NOON + 2 * DAY))
    world.run(NOON + 2 * DAY)
    first, second = world.alerts()
    assert (first["resolved_reason"], second["state"]) == ("subsided", "firing")
    assert second["reopened_from"] == first["alert_id"]


def test_what_is_found_a_day_late_is_recorded_as_historical(world: World) -> None:
    world.add(world.burst(9, NOON))
    world.run(NOON + 30 * HOUR)
    alert = world.alert()
    assert (alert["historical"], alert["state"]) == (True, "resolved")


def test_replayed_news_raises_a_replayed_alert(world: World) -> None:
    world.add(world.burst(9, NOON, origin="replay"))
    world.run(NOON)
    assert world.alert()["origin"] == "replay"


def test_a_disabled_rule_raises_nothing_and_the_work_is_still_done(world: World) -> None:
    world.run(NOON - HOUR)
    world.ask("UPDATE rule SET enabled = false RETURNING 1")
    world.add(world.burst(9, NOON))
    world.run(NOON)
    assert world.alerts() == []
    assert world.ask("SELECT * FROM bucket_change") == []
    assert sum(row["negative"] for row in world.ask("SELECT * FROM bucket")) == 18


def test_a_changed_rule_counts_from_its_version_on(world: World) -> None:
    world.run(NOON - HOUR)
    world.ask(
        "INSERT INTO rule_version (rule_id, version, body) SELECT rule_id, 2,"
        " jsonb_set(jsonb_set(body, '{min_stories}', '20'), '{cold_start,stories}', '20')"
        " FROM rule_version RETURNING 1"
    )
    world.ask("UPDATE rule SET version = 2 RETURNING 1")
    world.add(world.burst(12, NOON))
    world.run(NOON)
    assert world.alerts() == []
    world.add(world.burst(12, NOON))
    world.run(NOON)
    assert world.alert()["rule_version"] == 2


def test_with_history_the_same_stories_ring_on_a_quiet_issuer_and_not_on_a_busy_one(
    world: World,
) -> None:
    world.add(world.burst(18 * 24, NOON - 2 * DAY, minutes=18 * 1440, issuers=("busy",)))
    world.add(world.burst(6, NOON, issuers=("busy",)) + world.burst(6, NOON, issuers=("quiet",)))
    world.run(NOON)
    alert = next(row for row in world.alerts() if row["onset"] > NOON - DAY)
    assert (alert["subject"], alert["cold_start"]) == ("quiet", False)
    assert alert["baseline_days"] == 14
    assert (alert["usual_low"], alert["usual_high"]) == (0, 0)
    windows = world.ask(
        "SELECT window_minutes FROM alert_series WHERE alert_id = %s ORDER BY 1", alert["alert_id"]
    )
    assert [row["window_minutes"] for row in windows] == [60, 360, 1440]


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_order_and_the_number_of_runs_the_alerts_are_the_same(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    stories: list[Story] = []
    for issuer, ends in (("a", (0, 40)), ("b", (5,)), ("c", (0, 9, 20))):
        for hours in ends:
            stories += world.burst(
                chance.randrange(4, 9),
                NOON + hours * HOUR,
                chance.randrange(30, 300),
                issuers=(issuer,),
            )
    stories += world.burst(8, NOON, issuers=(), topic="commodities")
    chance.shuffle(stories)
    end = NOON + 60 * HOUR
    for story in stories:
        world.add([story])
        if chance.random() < 0.4:
            world.run(max(story.at, end - 60 * HOUR * chance.random()))
    world.run(end)
    fates = world.ask(
        "SELECT subject, onset, last_surge_at, observed, state, resolved_reason, severity"
        " FROM alert ORDER BY subject, onset"
    )
    world.ask("TRUNCATE alert CASCADE; UPDATE heartbeat SET as_of = NULL RETURNING 1")
    world.ask(
        "INSERT INTO bucket_change (series_id, start) SELECT series_id, date_bin('5 minutes',"
        " occurred_at, 'epoch') FROM story_signal RETURNING 1"
    )
    world.run(end)
    at_once = world.ask(
        "SELECT subject, onset, last_surge_at, observed, state, resolved_reason, severity"
        " FROM alert ORDER BY subject, onset"
    )
    assert fates == at_once
