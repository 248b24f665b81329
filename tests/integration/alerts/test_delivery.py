"""From a surge to a message, on a real database and a service on this machine: once, and told."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.alerts.delivery.composing import Composer
from pipeline.alerts.delivery.notify import plan_digests
from pipeline.alerts.run import run
from pipeline.store import delivery as store
from pipeline.store import judging
from pipeline.store.connection import connect
from tests.integration.alerts.office import NOWHERE, Office
from tests.integration.alerts.world import NOON

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def surge(office: Office, at: datetime = NOON, **of: Any) -> None:
    office.world.add(office.world.burst(9, at, **of))


def test_an_alert_is_told_once_with_why_and_evidence(office: Office) -> None:
    office.enrol()
    surge(office)
    office.run(NOON)
    (request,) = office.service.requests
    shown = office.service.show(request)
    alert = office.world.alert()
    assert "9 negative stories in 6 h" in shown.text
    assert "9 different negative stories about credit and debt at Harbour" in shown.text
    assert shown.text.count("• Story ") == 3
    assert f"https://tocsin.example/alerts/{alert['alert_id']}" in shown.links
    assert "http://example.org/1" in shown.links
    (row,) = office.deliveries()
    assert (row["state"], row["attempts"], row["sent_at"], row["error"]) == ("sent", 1, NOON, None)


def test_nothing_is_kept_or_sent_where_there_is_no_recipient(office: Office) -> None:
    surge(office)
    office.run(NOON)
    assert office.deliveries() == []


def test_runs_that_are_repeated_late_or_out_of_order_tell_it_once(office: Office) -> None:
    office.enrol()
    surge(office)
    for at in (NOON, NOON, NOON + MINUTE, NOON - HOUR, NOON + 2 * MINUTE):
        office.world.run(at)
        office.send(max(at, NOON))
    assert len(office.service.requests) == len(office.deliveries()) == 1


def test_runs_at_once_tell_it_once(office: Office) -> None:
    office.enrol()
    surge(office)
    failures: list[BaseException] = []

    def once() -> None:
        try:
            with office.courier(NOON) as courier:
                run(courier.link, NOON, now=NOON)
                courier.run(NOON + MINUTE)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    office.send(NOON)
    assert len(office.service.requests) == len(office.deliveries()) == 1


def test_a_run_that_dies_tells_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.enrol()
    surge(office)
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.store.alerts.end", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.world.run(NOON)
    assert office.deliveries() == []
    office.run(NOON)
    assert len(office.service.requests) == 1


@pytest.mark.parametrize("origin", ["backfill", "replay"])
def test_only_live_news_is_told(office: Office, origin: str) -> None:
    office.enrol()
    surge(office, origin=origin)
    office.run(NOON)
    assert len(office.world.alerts()) == 1
    assert office.deliveries() == []


def test_what_is_no_news_any_more_is_not_told(office: Office) -> None:
    office.enrol()
    surge(office, NOON - 2 * DAY)
    office.run(NOON)
    assert office.world.alert()["historical"]
    assert office.deliveries() == []


def test_a_rise_is_told_to_whom_it_now_concerns(office: Office) -> None:
    office.enrol("desk", severity="low")
    office.enrol("head", severity="critical")
    stories = office.world.burst(12, NOON)
    office.world.add(office.world.days(10, NOON))
    office.world.add(stories[:5])
    for minutes in (30, 20, 10, 1):
        office.run(NOON - minutes * MINUTE)
    office.world.add(stories[5:])
    office.run(NOON)
    kinds = [(row["recipient"], row["kind"]) for row in office.deliveries()]
    assert kinds == [("desk", "opened"), ("desk", "raised"), ("head", "raised")]
    assert office.told()[0].startswith("[Low] Harbour: 5 negative stories")
    assert office.told()[1].startswith("[Critical] Harbour: 12 negative stories")


def test_the_end_is_told_to_who_asked_for_it_and_knew_of_the_alert(office: Office) -> None:
    office.enrol("desk", resolved=True)
    office.enrol("other")
    surge(office)
    office.run(NOON)
    office.enrol("late", resolved=True)
    for hour in (13, 14, 15):
        office.run(NOON + hour * HOUR)
    ends = [row["recipient"] for row in office.deliveries() if row["kind"] == "resolved"]
    assert ends == ["desk"]
    assert office.told()[-1].startswith("Resolved: [Low] Harbour: 9 negative stories")


def test_an_end_by_an_analyst_is_told_too(office: Office) -> None:
    office.enrol(resolved=True)
    surge(office)
    office.run(NOON)
    link = connect(office.world.url, "console")
    decision = judging.Decision(office.world.alert()["alert_id"], "analyst", NOON + MINUTE)
    judging.close(link, decision)
    link.close()
    office.run(NOON + 2 * MINUTE)
    office.run(NOON + 3 * MINUTE)
    assert office.told()[1].startswith("Resolved: [Low] Harbour")
    assert "handled" in office.service.show(office.service.requests[1]).text
    assert len(office.deliveries()) == 2


def test_what_was_wrong_before_it_was_told_is_not_told(office: Office) -> None:
    office.enrol()
    stories = office.world.burst(9, NOON)
    office.world.add(stories)
    office.world.run(NOON)
    for story in stories:
        office.world.revise(story, p_negative=0.1)
    office.run(NOON + MINUTE)
    assert office.service.requests == []
    assert [row["state"] for row in office.deliveries()] == ["dropped"]


def test_alerts_of_one_group_share_a_message_and_the_next_interval_tells_the_rest(
    office: Office,
) -> None:
    office.enrol(group="all")
    surge(office, issuers=("harbour",))
    surge(office, issuers=("pacific",))
    office.run(NOON)
    surge(office, NOON + 2 * MINUTE, issuers=("steel",))
    office.run(NOON + 2 * MINUTE)
    assert len(office.service.requests) == 1
    assert office.told()[0].startswith("2 alerts, the most severe: [Low] Harbour")
    office.run(NOON + 5 * MINUTE)
    assert len(office.service.requests) == 2
    assert office.told()[1].startswith("[Low] Steel")


def test_a_trouble_that_passes_is_tried_again_later_and_told_once(office: Office) -> None:
    office.enrol()
    surge(office)
    office.service.mood = "broken"
    office.run(NOON)
    (row,) = office.deliveries()
    assert (row["state"], row["retry_at"], row["failed_at"]) == ("waiting", NOON + MINUTE, NOON)
    assert row["error"].startswith("HTTP 502")
    office.service.mood = "well"
    assert office.send(NOON + MINUTE / 2) == {}
    assert office.send(NOON + MINUTE) == {"sent": 1}
    assert office.send(NOON + 2 * MINUTE) == {}


def test_a_service_that_asks_for_time_is_given_it(office: Office) -> None:
    office.enrol()
    surge(office)
    office.service.mood, office.service.wait = "busy", 600
    office.run(NOON)
    (row,) = office.deliveries()
    assert row["retry_at"] == NOON + 10 * MINUTE


def test_after_a_day_it_is_given_up(office: Office) -> None:
    office.enrol()
    surge(office)
    office.service.mood = "broken"
    office.run(NOON)
    attempts = 0
    at = NOON
    while office.deliveries()[0]["state"] == "waiting":
        attempts += 1
        at = office.deliveries()[0]["retry_at"]
        office.send(at)
    assert office.deliveries()[0]["state"] == "failed"
    assert NOON + 22 * HOUR < at < NOON + DAY
    assert 20 < attempts < 40


def test_what_is_refused_is_not_tried_again_and_can_be_seen(office: Office) -> None:
    office.enrol()
    surge(office)
    office.service.mood = "refusing"
    office.run(NOON)
    office.send(NOON + HOUR)
    assert len(office.service.requests) == 1
    (row,) = office.deliveries()
    assert (row["state"], row["error"]) == ("failed", "HTTP 403 invalid_token")
    with office.world.connected() as link, link.cursor() as cursor:
        (health,) = store.health(cursor, NOON)
    assert health.troubled
    assert health.error == "HTTP 403 invalid_token"


def test_a_dead_channel_keeps_nobody_waiting_and_is_asked_once_a_run(office: Office) -> None:
    office.enrol("dead", channel="telegram", to={"chat": "1", "token": "URL", "api": NOWHERE})
    office.enrol("desk")
    for issuer in ("harbour", "pacific", "steel"):
        surge(office, issuers=(issuer,))
    office.run(NOON)
    assert len(office.service.requests) == 3
    failed = [row for row in office.deliveries() if row["recipient"] == "dead"]
    assert [row["attempts"] for row in failed].count(1) == 1


def test_twenty_a_minute_go_where_no_more_are_taken(office: Office) -> None:
    office.enrol(channel="wecom")
    for number in range(22):
        surge(office, issuers=(f"issuer-{number}",))
    office.world.run(NOON)
    assert sum(office.send(NOON).values()) == 1  # the service is no WeCom: one trouble, then rest
    office.world.ask(
        "UPDATE delivery SET state = 'waiting', attempts = 0, error = NULL,"
        " failed_at = NULL, retry_at = NULL, attempted_at = NULL RETURNING 1"
    )
    with office.world.connected() as link:
        claimed = [store.claim(link, {"desk": 20}, NOON, NOON + HOUR) for _ in range(22)]
        assert sum(one is not None for one in claimed) == 20
        assert store.claim(link, {"desk": 20}, NOON + MINUTE, NOON + HOUR) is not None


def test_a_courier_that_died_leaves_its_message_to_another(office: Office) -> None:
    office.enrol()
    surge(office)
    office.world.run(NOON)
    with office.world.connected() as link:
        assert store.claim(link, {"desk": 60}, NOON, NOON + 5 * MINUTE) is not None
    assert office.send(NOON + 4 * MINUTE) == {}
    assert office.send(NOON + 5 * MINUTE) == {"sent": 1}


def test_one_message_that_cannot_be_written_keeps_no_other_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.enrol()
    surge(office, issuers=("harbour",))
    surge(office, issuers=("pacific",))
    office.world.run(NOON)
    plain = Composer.compose
    seen: list[Any] = []

    def failing(self: Composer, *args: Any) -> Any:
        seen.append(args)
        return plain(self, *args) if len(seen) > 1 else 1 / 0

    monkeypatch.setattr(Composer, "compose", failing)
    assert office.send(NOON) == {"failed": 1, "sent": 1}
    errors = {row["error"] for row in office.deliveries()}
    assert errors == {None, "a fault of Tocsin: ZeroDivisionError"}


def test_quiet_hours_hold_back_what_is_not_critical(office: Office) -> None:
    office.enrol(quiet={"start": "11:00", "end": "13:00"})
    surge(office, issuers=("harbour",))
    office.run(NOON)
    surge(office, NOON + 10 * MINUTE, issuers=("pacific",))
    office.run(NOON + 10 * MINUTE)
    assert office.service.requests == []
    office.run(NOON + HOUR)
    assert office.told() == ["2 alerts, the most severe: " + office.told()[0].split(": ", 1)[1]]


def test_a_critical_alert_that_nobody_acknowledges_goes_to_a_second_recipient_once(
    office: Office,
) -> None:
    office.enrol("desk", escalation={"to": "head", "after_minutes": 15})
    office.enrol("head", alerts=False)
    critical(office)
    office.run(NOON)
    office.run(NOON + 14 * MINUTE)
    assert {row["recipient"] for row in office.deliveries()} == {"desk"}
    for minutes in (15, 16, 40):
        office.run(NOON + minutes * MINUTE)
    last = [row for row in office.deliveries() if row["recipient"] == "head"]
    assert [row["kind"] for row in last] == ["escalated"]
    assert office.told()[-1].startswith("Not acknowledged for 15 min: [Critical] Harbour")


def test_one_that_was_acknowledged_is_not_escalated(office: Office) -> None:
    office.enrol("desk", escalation={"to": "head", "after_minutes": 15})
    office.enrol("head", alerts=False)
    critical(office)
    office.run(NOON)
    link = connect(office.world.url, "console")
    decision = judging.Decision(office.world.alert()["alert_id"], "analyst", NOON + MINUTE)
    judging.acknowledge(link, decision)
    link.close()
    office.run(NOON + HOUR)
    assert {row["recipient"] for row in office.deliveries()} == {"desk"}


def critical(office: Office) -> None:
    """A surge of the highest severity, against days of history."""
    office.world.add(office.world.days(10, NOON))
    office.world.add(office.world.burst(12, NOON))


def test_a_digest_comes_once_a_day_and_also_when_all_was_quiet(office: Office) -> None:
    office.enrol(digest="12:00", alerts=False)
    with office.world.connected() as link:
        office.world.ask("UPDATE recipient SET changed_at = %s RETURNING 1", NOON - DAY)
        for minutes in (0, 15, 30):
            plan_digests(link, NOON + minutes * MINUTE)
            office.send(NOON + minutes * MINUTE)
        assert office.told() == ["Daily digest, 4 Mar: no alerts"]
        surge(office, NOON + HOUR)
        office.run(NOON + HOUR)
        plan_digests(link, NOON + DAY)
        office.send(NOON + DAY)
    assert office.told()[1:] == ["Daily digest, 5 Mar: 1 alert"]
    assert (
        "[Low] Harbour: 9 negative stories" in office.service.show(office.service.requests[1]).text
    )


def test_who_is_removed_is_told_nothing_more(office: Office) -> None:
    office.enrol()
    surge(office)
    office.world.run(NOON)
    link = connect(office.world.url, "console")
    assert store.remove_recipient(link, "desk")
    assert not store.remove_recipient(link, "desk")
    link.close()
    assert office.send(NOON) == {}
    assert [row["state"] for row in office.deliveries()] == ["dropped"]


def test_a_recipient_that_cannot_be_used_any_more_keeps_no_alert_from_being_found(
    office: Office,
) -> None:
    office.enrol()
    office.world.ask('UPDATE recipient SET body = \'{"channel": "gone"}\' RETURNING 1')
    surge(office)
    office.run(NOON)
    assert len(office.world.alerts()) == 1
    assert office.deliveries() == []
