"""What an episode does to the alerts there are: one an episode, whatever was decided of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from pipeline.alerts.lifecycle import Decision, Episode, Known, alert_id, decide, episodes
from pipeline.alerts.surge import Baseline
from pipeline.alerts.verdicts import Reason, Verdict
from pipeline.alerts.windows import Span
from tests.unit.alerts.building import DAY, HOUR, NOON

SUBJECT = ("issuer", "harbour")
COOL_DOWN = 6 * HOUR


def verdict(end: datetime, **of: Any) -> Verdict:
    values: dict[str, Any] = {
        "reason": Reason.SURGING,
        "span": Span(end - HOUR, end),
        "window": HOUR,
        "observed": 6,
        "publishers": 3,
        "baseline": Baseline(0.1, 1.0, 14),
        "threshold": 5,
        "p_value": 1e-6,
        "severity": "low",
    }
    return Verdict(**values | of)


def chained(*verdicts: Verdict, now: datetime = NOON) -> list[Episode]:
    return episodes(verdicts, over_at(now), COOL_DOWN)


def over_at(now: datetime) -> Any:
    """Nothing stays elevated: a surge is over a cool-down after its last window."""
    return lambda end: end + COOL_DOWN if end + COOL_DOWN <= now else None


def known(onset: datetime, last: datetime, **of: Any) -> Known:
    values: dict[str, Any] = {
        "alert_id": uuid4(),
        "state": "firing",
        "severity": "low",
        "observed": 6,
        "resolved_reason": None,
        "condition": "surge",
    }
    return Known(onset=onset, last_surge_at=last, **values | of)


def decided(
    found: Sequence[Episode], alerts: Sequence[Known] = (), now: datetime = NOON
) -> list[Decision]:
    return decide(("issuer", "harbour"), found, alerts, over_at(now), 14 * DAY)


def resolved(onset: datetime, last: datetime, reason: str) -> Known:
    return known(onset, last, state="resolved", resolved_reason=reason)


def test_windows_without_a_quiet_cool_down_between_them_are_one_episode() -> None:
    (episode,) = chained(verdict(NOON - 5 * HOUR), verdict(NOON))
    assert (episode.onset, episode.last_end) == (NOON - 6 * HOUR, NOON)


def test_after_the_cool_down_a_new_episode_begins() -> None:
    first, second = chained(verdict(NOON - 8 * HOUR), verdict(NOON))
    assert first.over_at == NOON - 2 * HOUR
    assert second.over_at is None


def test_an_episode_is_told_by_its_most_improbable_window() -> None:
    strong = verdict(NOON - HOUR, p_value=1e-9, severity="high")
    (episode,) = chained(verdict(NOON - 2 * HOUR), strong, verdict(NOON))
    assert (episode.leading, episode.severity) == (strong, "high")


def test_the_onset_is_that_of_the_first_surge_not_of_an_older_story_in_a_longer_window() -> None:
    longer = verdict(NOON, window=DAY, span=Span(NOON - 20 * HOUR, NOON))
    (episode,) = chained(verdict(NOON), longer)
    assert episode.onset == NOON - HOUR


def test_a_new_episode_opens_an_alert_whose_id_is_its_subject_and_onset() -> None:
    (decision,) = decided(chained(verdict(NOON)))
    assert decision.state == "firing"
    assert decision.alert_id == alert_id("issuer", "harbour", NOON - HOUR)
    assert decision.alert_id != alert_id("topic", "harbour", NOON - HOUR)


def test_an_episode_found_when_it_is_over_is_opened_resolved() -> None:
    (decision,) = decided(chained(verdict(NOON - DAY)))
    assert (decision.state, decision.resolved_reason) == ("resolved", "subsided")


@pytest.mark.parametrize("state", ["firing", "acknowledged"])
def test_an_open_alert_follows_its_episode_and_keeps_its_state(state: str) -> None:
    alert = known(NOON - 3 * HOUR, NOON - 2 * HOUR, state=state)
    (decision,) = decided(chained(verdict(NOON - 2 * HOUR), verdict(NOON)), [alert])
    assert (decision.alert_id, decision.state) == (alert.alert_id, state)


def test_severity_only_rises() -> None:
    alert = known(NOON - HOUR, NOON, severity="critical")
    (decision,) = decided(chained(verdict(NOON, severity="high")), [alert])
    assert decision.severity == "critical"


def test_a_late_story_moves_the_onset_earlier_under_the_same_id() -> None:
    alert = known(NOON - HOUR, NOON)
    late = verdict(NOON - HOUR)
    (decision,) = decided(chained(late, verdict(NOON)), [alert])
    assert (decision.alert_id, decision.onset) == (alert.alert_id, NOON - 2 * HOUR)


def test_an_alert_whose_surge_is_over_subsides() -> None:
    alert = known(NOON - DAY, NOON - 20 * HOUR)
    (decision,) = decided(chained(verdict(NOON - 20 * HOUR)), [alert])
    assert (decision.state, decision.resolved_reason) == ("resolved", "subsided")


def test_an_alert_whose_windows_no_longer_surge_was_corrected() -> None:
    (decision,) = decided([], [known(NOON - HOUR, NOON)])
    assert (decision.state, decision.resolved_reason) == ("resolved", "corrected")
    assert decision.episode is None


@pytest.mark.parametrize("reason", ["false_alarm", "closed"])
def test_what_an_analyst_ended_stays_ended_while_its_episode_goes_on(reason: str) -> None:
    alert = resolved(NOON - 3 * HOUR, NOON - 2 * HOUR, reason)
    (decision,) = decided(chained(verdict(NOON - 2 * HOUR), verdict(NOON)), [alert])
    assert (decision.alert_id, decision.state) == (alert.alert_id, "resolved")
    assert decision.resolved_reason == reason


@pytest.mark.parametrize("reason", ["subsided", "corrected"])
def test_what_the_system_ended_fires_again_when_its_episode_goes_on(reason: str) -> None:
    alert = resolved(NOON - 3 * HOUR, NOON - 2 * HOUR, reason)
    (decision,) = decided(chained(verdict(NOON - 2 * HOUR), verdict(NOON)), [alert])
    assert (decision.alert_id, decision.state) == (alert.alert_id, "firing")


@pytest.mark.parametrize(
    ("reason", "linked"), [("subsided", True), ("false_alarm", False), ("corrected", False)]
)
def test_a_new_surge_after_one_that_subsided_names_it(reason: str, linked: bool) -> None:
    alert = resolved(NOON - 2 * DAY, NOON - DAY, reason)
    (decision,) = decided(chained(verdict(NOON)), [alert])
    assert decision.alert_id != alert.alert_id
    assert decision.reopened_from == (alert.alert_id if linked else None)


def test_a_surge_long_after_the_last_names_nothing() -> None:
    alert = resolved(NOON - 22 * DAY, NOON - 20 * DAY, "subsided")
    (decision,) = decided(chained(verdict(NOON)), [alert])
    assert decision.reopened_from is None


def test_two_episodes_found_at_once_are_two_alerts_the_second_naming_the_first() -> None:
    first, second = decided(chained(verdict(NOON - DAY), verdict(NOON)))
    assert second.reopened_from == first.alert_id


def test_an_alert_that_subsided_unseen_is_ended_before_its_successor_opens() -> None:
    alert = known(NOON - DAY - HOUR, NOON - DAY)
    ended, opened = decided(chained(verdict(NOON - DAY), verdict(NOON)), [alert])
    assert (ended.alert_id, ended.state) == (alert.alert_id, "resolved")
    assert (opened.state, opened.reopened_from) == ("firing", alert.alert_id)


def test_an_episode_that_meets_several_alerts_belongs_to_the_open_one() -> None:
    earlier = resolved(NOON - 9 * HOUR, NOON - 8 * HOUR, "closed")
    alert = known(NOON - HOUR, NOON)
    bridge = [verdict(NOON - i * HOUR) for i in range(9)]
    (decision,) = decided(chained(*bridge), [earlier, alert])
    assert decision.alert_id == alert.alert_id


def test_alerts_that_meet_in_one_episode_become_the_earliest_of_them() -> None:
    first = resolved(NOON - 9 * HOUR, NOON - 8 * HOUR, "subsided")
    second = known(NOON - HOUR, NOON, state="acknowledged", severity="high")
    bridge = [verdict(NOON - i * HOUR) for i in range(9)]
    merged, kept = decided(chained(*bridge), [second, first])
    assert (merged.alert_id, merged.state) == (second.alert_id, "resolved")
    assert (merged.resolved_reason, merged.merged_into) == ("merged", first.alert_id)
    assert (kept.alert_id, kept.state, kept.severity) == (first.alert_id, "acknowledged", "high")


def test_alerts_that_meet_in_a_past_episode_are_one_past_alert() -> None:
    first = resolved(NOON - 33 * HOUR, NOON - 32 * HOUR, "subsided")
    second = resolved(NOON - 25 * HOUR, NOON - 24 * HOUR, "subsided")
    bridge = [verdict(NOON - i * HOUR) for i in range(24, 33)]
    merged, kept = decided(chained(*bridge), [first, second])
    assert (merged.alert_id, merged.merged_into) == (second.alert_id, first.alert_id)
    assert (kept.alert_id, kept.resolved_reason) == (first.alert_id, "subsided")


def test_alerts_that_meet_one_by_one_all_lead_to_the_earliest() -> None:
    alerts = [
        resolved(NOON - n * HOUR - 30 * HOUR, NOON - n * HOUR - 28 * HOUR, "subsided")
        for n in (24, 12, 0)
    ]
    pairs = [
        Episode(tuple(verdict(alert.onset + i * HOUR) for i in range(1, 15)), NOON)
        for alert in alerts[:2]
    ]
    decisions = decided(pairs, alerts)
    into = {one.alert_id: one.merged_into for one in decisions if one.merged_into}
    assert into == {alert.alert_id: alerts[0].alert_id for alert in alerts[1:]}


def test_a_surge_of_twice_the_stories_an_analyst_ended_rings_again() -> None:
    ended = resolved(NOON - 4 * HOUR, NOON - 3 * HOUR, "false_alarm")
    calm, risen = verdict(NOON - 3 * HOUR, observed=11), verdict(NOON, observed=12)
    kept, opened = decided(chained(calm, risen), [ended])
    assert (kept.alert_id, kept.resolved_reason) == (ended.alert_id, "false_alarm")
    assert (opened.state, opened.reopened_from) == ("firing", ended.alert_id)
    assert opened.onset == NOON - timedelta(minutes=5)


def test_what_rose_from_an_ended_alert_is_followed_and_can_be_ended_itself() -> None:
    ended = resolved(NOON - 4 * HOUR, NOON - 3 * HOUR, "false_alarm")
    found = chained(verdict(NOON - 3 * HOUR), verdict(NOON - HOUR, observed=13), verdict(NOON))
    opened = decided(found, [ended])[1]
    for state, reason in [("firing", None), ("resolved", "closed")]:
        second = known(opened.onset, NOON - HOUR, state=state, resolved_reason=reason, observed=13)
        first, followed = decided(found, [ended, second])
        assert first.alert_id == ended.alert_id
        assert (followed.alert_id, followed.state) == (second.alert_id, state)


def test_nothing_found_changes_nothing_about_resolved_alerts() -> None:
    assert decided([], [resolved(NOON - DAY, NOON - 20 * HOUR, "subsided")]) == []


def test_the_end_of_an_episode_is_the_time_it_began_to_be_over() -> None:
    (episode,) = chained(verdict(NOON - 7 * HOUR), now=NOON)
    assert episode.over_at == NOON - HOUR
    assert episode.meets(Span(NOON - 2 * HOUR, NOON))
    assert not episode.meets(Span(NOON - HOUR, NOON + timedelta(minutes=1)))
