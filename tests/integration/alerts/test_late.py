"""After an outage what was missed is told in one message, which says when nobody watched."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.fixtures.services import Slack, serving
from tests.integration.alerts.test_delivery import Office
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    world.ask("DELETE FROM crawl_run RETURNING 1")
    with serving(Slack(NOON)) as service:
        assert isinstance(service, Slack)
        yield Office(world, service)


def surges(office: Office, at: datetime, *issuers: str) -> None:
    """A surge about each of them."""
    for issuer in issuers:
        office.world.add(office.world.burst(9, at, issuers=(issuer,)))


def visits(office: Office, since: datetime, until: datetime) -> None:
    """The source of all stories is heard every ten minutes, from the first time to the last."""
    while since <= until:
        office.world.ask(
            "INSERT INTO crawl_run VALUES (%s, 's', %s, %s, 3, 0, 1, 0, 'ok', NULL, 24)"
            " RETURNING 1",
            uuid4(),
            since,
            since,
        )
        since += 10 * MINUTE


def test_what_was_missed_while_nobody_looked_comes_in_one_message(office: Office) -> None:
    office.enrol()
    office.enrol("yuwai", language="zh", zone="Asia/Shanghai")
    office.run(NOON - 3 * HOUR)
    surges(office, NOON - HOUR, "harbour", "orrin", "kestrel")
    office.run(NOON)
    english, chinese = sorted(office.service.requests, key=lambda one: "补报" in one.body.decode())
    told = office.service.show(english).text
    assert told.startswith("*Found late: 3 alerts, the most severe: ")
    assert "Nobody looked for alerts from 09:00 UTC to 12:00 UTC." in told
    assert all(issuer in told for issuer in ("Harbour", "Orrin", "Kestrel"))
    assert "系统 17:00 UTC+8 至 20:00 UTC+8 中断" in office.service.show(chinese).text
    assert {row["kind"] for row in office.deliveries()} == {"late"}
    office.run(NOON + MINUTE)
    assert len(office.service.requests) == 2


def test_a_short_pause_is_none_and_the_next_surge_is_told_by_itself(office: Office) -> None:
    office.enrol()
    office.run(NOON - 9 * MINUTE)
    surges(office, NOON - 5 * MINUTE, "harbour", "orrin")
    office.run(NOON)
    assert [row["kind"] for row in office.deliveries()] == ["opened", "opened"]
    assert not any("late" in text for text in office.told())


def test_what_silent_sources_bring_late_is_gathered_into_one_message(office: Office) -> None:
    office.enrol()
    visits(office, NOON - 12 * HOUR, NOON - 3 * HOUR)
    visits(office, NOON, NOON)
    office.run(NOON - MINUTE)
    surges(office, NOON - HOUR, "harbour")
    office.run(NOON)
    surges(office, NOON - HOUR, "orrin")
    office.run(NOON + MINUTE)
    assert office.told() == []
    for minutes in range(2, 12):
        office.run(NOON + minutes * MINUTE)
    (request,) = office.service.requests
    told = office.service.show(request).text
    assert told.startswith("*Found late: 2 alerts")
    assert "Sources were not heard from 09:00 UTC to 12:00 UTC." in told


def test_news_of_sources_that_were_heard_is_told_at_once_however_old(office: Office) -> None:
    office.enrol()
    visits(office, NOON - 12 * HOUR, NOON)
    office.run(NOON - MINUTE)
    surges(office, NOON - HOUR, "harbour")
    office.run(NOON)
    assert [row["kind"] for row in office.deliveries()] == ["opened"]


def test_quiet_hours_hold_back_what_was_missed_too(office: Office) -> None:
    office.enrol(quiet={"start": "11:00", "end": "13:00", "critical": False})
    office.run(NOON - 3 * HOUR)
    surges(office, NOON - HOUR, "harbour", "orrin")
    office.run(NOON)
    assert office.told() == []
    office.run(NOON + MINUTE)
    office.send(NOON + HOUR)
    assert len(office.told()) == 1


def test_a_critical_alert_that_was_missed_is_escalated_as_any(office: Office) -> None:
    office.enrol("desk", escalation={"to": "head", "after_minutes": 15})
    office.enrol("head", alerts=False)
    office.world.add(office.world.days(10, NOON))
    office.run(NOON - 3 * HOUR)
    office.world.add(office.world.burst(30, NOON - HOUR))
    office.run(NOON)
    assert office.world.alert()["severity"] == "critical"
    for minutes in (9, 18):
        office.run(NOON + minutes * MINUTE)
    kinds = [(row["recipient"], row["kind"]) for row in office.deliveries()]
    assert kinds == [("desk", "late"), ("head", "escalated")]
