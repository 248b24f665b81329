"""A backtest raises what the live run raised from the same articles, and writes nothing."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.alerts import rules
from pipeline.alerts.backtest.fired import TOLD, Fired
from pipeline.alerts.backtest.past import Past
from pipeline.alerts.backtest.running import backtest
from pipeline.alerts.backtest.telling import told
from pipeline.alerts.delivery.notify import known
from pipeline.alerts.windows import bucket_end
from pipeline.store import delivery
from pipeline.store.connection import connect, transaction
from tests.integration.alerts.world import NOON, PUBLISHERS, Story, World

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
RULE = rules.parse("surge", rules.shipped()["surge"])
ISSUERS = ("bank", "builder", "broker", "brewer", "quiet")
TOPICS = ("credit_debt", "legal_regulation", "earnings")
RECIPIENTS = {
    "desk": {"channel": "slack", "to": {"url": "URL"}},
    "chief": {"channel": "slack", "to": {"url": "URL"}, "severity": "high", "subjects": "issuers"},
    "night": {
        "channel": "slack",
        "to": {"url": "URL"},
        "interval_minutes": 60,
        "group": "all",
        "quiet": {"start": "22:00", "end": "07:00", "critical": False},
    },
}


def stream(world: World, chance: random.Random) -> list[Story]:
    """30 days of ordinary news and, in the last three, surges of every size, in order of time."""
    found = world.days(40, NOON)
    begin = NOON - 30 * DAY

    def story(at: datetime, issuers: tuple[str, ...], topic: str) -> Story:
        publisher = chance.choice(PUBLISHERS)
        return Story(next(world.numbers), at, issuers, topic, publisher)

    for rate, issuer in zip((0.2, 3, 1, 6, 0.05), ISSUERS, strict=True):
        for _ in range(int(rate * 30)):
            at = begin + chance.random() * 30 * DAY
            found.append(story(at, (issuer,), chance.choice(TOPICS)))
    for count, hours in ((5, 0.5), (9, 3), (14, 1), (25, 20), (7, 1), (6, 5), (12, 2), (8, 0.2)):
        at = NOON - chance.random() * 2 * DAY - DAY
        issuer, topic = chance.choice(ISSUERS), chance.choice(TOPICS)
        times = [at + chance.random() * hours * HOUR for _ in range(count)]
        found += [story(when, (issuer,), topic) for when in times]
    # Days that are each a little worse, and events that one headline tells.
    for back in range(40, 0, -1):
        for number in range(5 if back < 7 else 1):
            at = NOON - back * DAY + number * 2 * HOUR - 5 * HOUR
            told = replace(story(at, ("burner",), "earnings"), publisher=PUBLISHERS[number % 4])
            found.append(told)
    found.append(story(NOON - HOUR, ("burner",), "earnings"))
    for back, issuer in ((2.5, "quiet"), (2.1, "brewer"), (2.0, "brewer"), (0.4, "failing")):
        told = story(NOON - back * DAY, (issuer,), "credit_debt")
        found.append(replace(told, headline="Lender files for bankruptcy"))
    for back in (2.7, 1.7):
        at = NOON - back * DAY
        found += [story(at + n * 9 * MINUTE, (f"one of {n}",), "credit_debt") for n in range(9)]
        found += [story(at + n * 20 * MINUTE, (), "legal_regulation") for n in range(7)]
    return sorted(found, key=lambda one: one.at)


def live(world: World, stories: list[Story], since: datetime) -> None:
    """Every story arrives as it occurs; runs look at its bucket, and every three hours at none."""
    before = [story for story in stories if story.at < since]
    world.add(before)
    world.run(since - SECOND)
    waiting = stories[len(before) :]
    at = since
    while at < NOON:
        at += 5 * MINUTE
        arriving = [story for story in waiting if story.at < at]
        if arriving or (at.minute == 0 and at.hour % 3 == 0):
            world.add(arriving) if arriving else None
            # Nothing happened at the runs between: they only said that they looked.
            looked = at - MINUTE
            world.ask("UPDATE heartbeat SET at = %s, as_of = %s RETURNING 1", looked, looked)
            world.run(at - SECOND)
            deliver(world, at)
            waiting = waiting[len(arriving) :]


def deliver(world: World, now: datetime) -> None:
    """Every message that is due is sent."""
    world.ask(
        "UPDATE delivery SET state = 'sent', sent_at = due_at"
        " WHERE state = 'waiting' AND due_at <= %s RETURNING 1",
        now,
    )


def replayed(world: World, since: datetime, until: datetime = NOON) -> list[Fired]:
    link = connect(world.url, "console")
    try:
        with transaction(link) as cursor:
            past = Past.load(cursor, RULE, since, until)
    finally:
        link.close()
    return backtest(RULE, past, since)


def lives(world: World, since: datetime) -> dict[UUID, list[tuple[Any, ...]]]:
    """What happened to each alert that began since, in which bucket, and how bad it then was.

    An end is left out: the live run notices it with the next look. So are figures, which it words
    anew by what is known later.
    """
    found: dict[UUID, list[tuple[Any, ...]]] = {}
    for event in world.ask(
        "SELECT event.* FROM alert_event event JOIN alert USING (alert_id)"
        " WHERE onset >= %s ORDER BY event.at, seq",
        since,
    ):
        if event["what"] in TOLD - {"resolved"}:
            severity = event["detail"].get("to") or event["detail"]["severity"]
            one = (event["what"], bucket_end(event["at"]), severity)
            found.setdefault(event["alert_id"], []).append(one)
    return found


def lives_of(fired: list[Fired]) -> dict[UUID, list[tuple[Any, ...]]]:
    """The same of a backtest."""
    return {
        one.alert_id: [
            (what.what, what.at, what.severity) for what in one.happened if what.what != "resolved"
        ]
        for one in fired
    }


@pytest.fixture
def told_world(world: World) -> Iterator[World]:
    link = connect(world.url, "console")
    delivery.put_recipients(link, RECIPIENTS)
    link.close()
    return world


def test_a_backtest_raises_and_tells_what_the_live_run_did(told_world: World) -> None:
    world, since = told_world, NOON - 3 * DAY
    live(world, stream(world, random.Random(0)), since)
    # What began before was found by one run over all of it, which is no orderly stream.
    fired = [one for one in replayed(world, since) if one.onset >= since]
    assert lives_of(fired) == lives(world, since)
    alerts = {alert["alert_id"]: alert for alert in world.alerts()}
    for one in fired:
        alert = alerts[one.alert_id]
        assert (one.subject, one.severity) == (alert["subject"], alert["severity"])
    assert len(fired) > 6
    assert {one.subject_kind for one in fired} == {"issuer", "topic"}
    assert {one.condition for one in fired} == {"surge", "severe", "slow_burn"}
    link = connect(world.url, "console")
    with transaction(link) as cursor:
        recipients = known(cursor)
    link.close()
    messages = told(fired, recipients, since).messages
    sent = world.ask(
        "SELECT DISTINCT delivery_id, recipient FROM delivery"
        " JOIN delivery_alert USING (delivery_id) JOIN alert USING (alert_id) WHERE onset >= %s",
        since,
    )
    assert Counter(one.recipient for one in messages) == Counter(one["recipient"] for one in sent)
    assert {one.recipient for one in messages} == RECIPIENTS.keys()


def test_nothing_after_a_time_changes_what_was_found_by_then(world: World) -> None:
    stories = stream(world, random.Random(2))
    until = NOON - 30 * HOUR
    world.add([story for story in stories if story.at < until])
    world.run(until - SECOND)
    before = replayed(world, NOON - 3 * DAY, until)
    world.add([story for story in stories if story.at >= until])
    world.run(NOON)
    after = replayed(world, NOON - 3 * DAY)
    found = {one.alert_id: one.found_at for one in after if one.found_at <= until}
    assert found == {one.alert_id: one.found_at for one in before}
    assert found


def test_a_backtest_writes_nothing(world: World) -> None:
    world.add(world.burst(9, NOON - HOUR))
    world.run(NOON)
    tables = ("alert", "alert_event", "alert_evidence", "bucket_change", "rule_version", "delivery")
    before = {table: world.ask(f"SELECT * FROM {table}") for table in tables}  # noqa: S608
    assert [one.subject for one in replayed(world, NOON - DAY)] == ["harbour"]
    assert before == {table: world.ask(f"SELECT * FROM {table}") for table in tables}  # noqa: S608


def test_an_alert_that_rang_before_is_not_found_again(world: World) -> None:
    world.add(world.burst(12, NOON - HOUR, minutes=180))
    world.run(NOON)
    assert [one.onset for one in replayed(world, NOON - DAY)] == [NOON - 4 * HOUR]
    assert replayed(world, NOON - 2 * HOUR) == []
