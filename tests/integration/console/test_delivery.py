"""What the console and `tocsin status` say of messages: who was told, and who could not be."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from console.chain import Link, Probes, broken, examine
from console.database import Database
from console.reader import Parts
from console.roster import Roster
from pipeline.settings import Settings
from pipeline.store import delivery as store
from pipeline.store.connection import connect
from pipeline.topics import Unread
from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import World, surge

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(world: World) -> World:
    """A firing alert of which a desk is to be told by Slack."""
    link = connect(world.url, "console")
    store.put_recipients(link, {"desk": {"channel": "slack", "to": {"url": "URL"}}})
    link.close()
    for story in surge(NOON):
        world.add(story)
    world.run(NOON)
    return world


def settle(world: World, state: str, error: str | None = None) -> None:
    """What became of the message."""
    sent = NOON + MINUTE if state == "sent" else None
    failed = NOON + MINUTE if error else None
    world.ask(
        "UPDATE delivery SET state = %s, sent_at = %s, error = %s, failed_at = %s",
        state,
        sent,
        error,
        failed,
    )


def page(client: TestClient, world: World, **query: Any) -> str:
    ((alert_id,),) = world.ask("SELECT alert_id FROM alert WHERE subject_kind = 'issuer'")
    return text_of(client.get(f"/alerts/{alert_id}", params=query).text)


def test_the_timeline_says_who_was_told_when_by_which_channel(
    client: TestClient, told: World
) -> None:
    assert "Found: desk will be told by Slack, 12:00 HKT at the earliest" in page(client, told)
    settle(told, "sent")
    assert "12:01:00 HKT Found: told desk by Slack" in page(client, told)
    assert "发现：已通过Slack通知 desk" in page(client, told, lang="zh")


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("waiting", "HTTP 502", "Found: desk was not reached by Slack yet: HTTP 502"),
        ("failed", "HTTP 403 no", "Found: desk was not reached by Slack: HTTP 403 no"),
        ("dropped", None, "Found: desk was not told"),
    ],
)
def test_the_timeline_says_who_was_not(
    client: TestClient, told: World, state: str, error: str | None, said: str
) -> None:
    settle(told, state, error)
    assert said in page(client, told)


def test_the_system_page_shows_each_recipient_with_its_last_success_and_trouble(
    client: TestClient, told: World, hand: Hand
) -> None:
    assert "desk Slack reached never never 1" in text_of(client.get("/system").text)
    settle(told, "failed", "HTTP 403 invalid_token")
    hand.move(minutes=2)
    shown = text_of(client.get("/system").text)
    assert "desk Slack not reached never 12:01:00 HKT 1 min ago HTTP 403 invalid_token 0" in shown
    settle(told, "sent")
    shown = text_of(client.get("/system", params={"lang": "zh"}).text)
    assert "接收人" in shown
    assert "desk Slack 正常 12:01:00 HKT 1 分钟前 从未 0" in shown


def test_without_recipients_the_page_says_that_nobody_is_told(
    client: TestClient, world: World
) -> None:
    assert "Nobody is told of alerts yet." in text_of(client.get("/system").text)


def delivery_of(configured: Settings, hand: Hand) -> Link:
    """The link of the chain, and whether it is the one that is named."""
    parts = Parts(configured, Database(configured), Roster(configured), hand)
    links = examine(parts, Probes(lambda: True, lambda: True, lambda _: Unread(0, None)))
    parts.database.close()
    (found,) = (link for link in links if link.name == "delivery")
    if not found.ok:
        assert broken([link for link in links if link.name != "consumer"]) == found
    return found


def test_status_names_a_recipient_that_was_not_reached(
    configured: Settings, told: World, hand: Hand
) -> None:
    assert delivery_of(configured, hand).ok
    settle(told, "failed", "HTTP 403 invalid_token")
    link = delivery_of(configured, hand)
    assert link.ok is False
    assert "desk was not reached: HTTP 403 invalid_token" in link.sentence
    settle(told, "sent")
    assert delivery_of(configured, hand).ok


def test_status_names_a_recipient_that_nobody_sends_to(
    configured: Settings, told: World, hand: Hand
) -> None:
    hand.move(minutes=11)
    told.beat(hand.at)
    for source in ("harbour-ledger", "jinqiao-wang"):
        told.visit(source, hand.at)
    link = delivery_of(configured, hand)
    assert link.ok is False
    assert "desk waits for 1 messages, 11 min" in link.sentence


def test_status_and_system_page_name_a_switch_outside_that_was_not_reached(
    client: TestClient, configured: Settings, world: World, hand: Hand
) -> None:
    def outside() -> Link:
        parts = Parts(configured, Database(configured), Roster(configured), hand)
        links = examine(parts, Probes(lambda: True, lambda: True, lambda _: Unread(0, None)))
        parts.database.close()
        return next(link for link in links if link.name == "outside")

    assert outside().ok
    world.ask("INSERT INTO ping (asked_at, answered_at) VALUES (%s, %s)", NOON, NOON)
    assert outside() == Link("outside", True, "was told 0 s ago that alerts were checked")
    assert "The switch outside was told 12:00:00 HKT" in text_of(client.get("/system").text)
    world.ask("UPDATE ping SET error = 'HTTP 404 gone'")
    assert outside().ok is False
    assert "was not reached: HTTP 404 gone" in outside().sentence
    shown = text_of(client.get("/system", params={"lang": "zh"}).text)
    assert "12:00:00 HKT 未能联系外部监控。 HTTP 404 gone" in shown


def test_the_system_page_shows_each_leg_of_the_canary(
    client: TestClient, world: World, hand: Hand
) -> None:
    assert "No canary has flown yet." in text_of(client.get("/system").text)
    world.ask(
        "INSERT INTO canary VALUES (%s::uuid, %s, %s, %s, 'm', 0.9, %s)",
        "00000000-0000-0000-0000-000000000001",
        *(NOON + timedelta(seconds=n) for n in (0, 1, 3, 7)),
    )
    hand.move(minutes=1)
    shown = text_of(client.get("/system").text)
    assert "crawl to Kafka 1.0 s Kafka to database 2.0 s database to alerts run 4.0 s" in shown
    assert "alerts run to test channel no test channel is set" in shown
    shown = text_of(client.get("/system", params={"lang": "zh"}).text)
    assert "Kafka 至数据库 2.0 秒" in shown


def test_nobody_to_tell_breaks_nothing(configured: Settings, world: World, hand: Hand) -> None:
    link = delivery_of(configured, hand)
    assert link.ok
    assert "nobody is told" in link.sentence
