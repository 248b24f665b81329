"""The JSON beside the pages, live updates, and the chain from end to end."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from console.chain import Probes, broken, examine
from console.database import Database
from console.live import Feed, _stream
from console.reader import Parts
from console.roster import Roster
from pipeline.bus import BusError
from pipeline.settings import Settings
from pipeline.store import delivery as store
from pipeline.store.connection import connect
from pipeline.topics import Unread
from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.world import World

pytestmark = pytest.mark.slow
UP = Probes(lambda: True, lambda: True, lambda _: Unread(0, None))


@pytest.fixture
def parts(configured: Settings, hand: Hand) -> Parts:
    return Parts(configured, Database(configured), Roster(configured), hand)


def test_alerts_are_json_with_offsets(client: TestClient, alert_id: str) -> None:
    (alert,) = client.get("/api/alerts?text=harbour").json()
    assert alert["alert_id"] == alert_id
    assert alert["observed"] == 7
    assert alert["detected_at"] == "2026-03-04T04:00:00Z"
    detail = client.get(f"/api/alerts/{alert_id}").json()
    assert len(detail["evidence"]) == 7
    assert [event["what"] for event in detail["timeline"]] == ["opened"]
    assert client.get("/api/alerts/00000000-0000-0000-0000-000000000000").status_code == 404
    assert client.get("/api/alerts?limit=9999").status_code == 422


def test_the_pulse_is_json(client: TestClient, world: World, hand: Hand) -> None:
    assert client.get("/api/pulse").json() == {
        "checked_at": "2026-03-04T03:59:40Z",
        "stale": False,
        "newest_article_at": None,
        "sources_alive": 5,
        "sources": 5,
        "silent": [],
        "open_alerts": 0,
    }
    assert client.get("/healthz").json() == {"ok": True}


def test_the_api_describes_itself(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/api/alerts", "/api/alerts/{alert_id}", "/api/pulse", "/healthz"}


def test_an_open_page_hears_of_a_new_alert(
    client: TestClient, world: World, parts: Parts, request: pytest.FixtureRequest
) -> None:
    async def listen() -> list[str]:
        feed = Feed(parts)
        stream = _stream(feed)
        heard = [await anext(stream)]
        request.getfixturevalue("alert_id")
        heard.append(await asyncio.wait_for(anext(stream), 10))
        await stream.aclose()
        assert feed.pages == 0
        return heard

    first, second = asyncio.run(listen())
    assert first.startswith("event: alerts\ndata: ")
    assert first != second


def test_any_decision_changes_what_pages_hear(
    client: TestClient, alert_id: str, parts: Parts
) -> None:
    def token() -> str:
        return Feed(parts)._look()

    before = token()
    assert token() == before
    client.post(f"/alerts/{alert_id}/acknowledge")
    assert token() != before


def test_a_whole_chain_is_whole(world: World, parts: Parts) -> None:
    world.ask("INSERT INTO heartbeat (part, at) VALUES ('consumer', %s)", NOON)
    links = examine(parts, UP)
    assert broken(links) is None
    assert [link.name for link in links] == [
        "kafka",
        "postgres",
        "schema",
        "consumer",
        "unread",
        "airflow",
        "alerts",
        "sources",
        "delivery",
        "outside",
        "canary",
    ]


def test_the_first_broken_link_is_named(
    world: World, parts: Parts, hand: Hand, configured: Settings
) -> None:
    def first(probes: Probes = UP, of: Parts = parts) -> str:
        link = broken(examine(of, probes))
        assert link is not None
        return link.name

    assert first(replace(UP, kafka=lambda: False, airflow=lambda: False)) == "kafka"
    away = replace(configured, outside_database="postgresql://x:y@127.0.0.1:9/none")
    assert first(of=replace(parts, settings=away, database=Database(away))) == "postgres"
    assert first() == "consumer"
    world.ask("INSERT INTO heartbeat (part, at) VALUES ('consumer', %s)", NOON)
    late = Unread(3, NOON - timedelta(minutes=6))
    assert first(replace(UP, unread=lambda _: late)) == "unread"
    assert first(replace(UP, airflow=lambda: False)) == "airflow"
    hand.at = NOON + timedelta(minutes=10)
    world.ask("UPDATE heartbeat SET at = %s WHERE part = 'consumer'", hand.at)
    assert first() == "alerts"
    world.ask("UPDATE heartbeat SET at = %s, as_of = NULL", hand.at)
    assert first() == "sources"


def test_what_waits_in_kafka_is_asked_of_the_offsets_that_are_stored(
    world: World, parts: Parts
) -> None:
    topic, asked = "INSERT INTO kafka_offset VALUES ('c', %s::uuid, 1, 'news.raw.v1', %s)", []
    world.ask(topic, "00000000-0000-0000-0000-000000000001", 7)

    def unread(read: Mapping[int, int]) -> Unread:
        asked.append(read)
        return Unread(2, NOON - timedelta(seconds=40))

    found = {link.name: link for link in examine(parts, replace(UP, unread=unread))}
    assert asked == [{1: 7}]
    assert found["unread"].ok
    assert "2 articles wait in Kafka to be scored, the oldest for 40 s" in found["unread"].sentence

    def silent(_: Mapping[int, int]) -> Unread:
        raise BusError("No Kafka answers")

    found = {link.name: link for link in examine(parts, replace(UP, unread=silent))}
    assert found["unread"].ok is None


def test_a_courier_that_no_longer_comes_breaks_the_delivery(world: World, parts: Parts) -> None:
    link = connect(world.url, "console")
    store.put_recipients(link, {"desk": {"channel": "slack", "to": {"url": "URL"}}})
    link.close()
    world.ask("INSERT INTO heartbeat (part, at) VALUES ('delivery', %s)", NOON)
    found = {link.name: link for link in examine(parts, UP)}
    assert found["delivery"].ok
    world.ask("UPDATE heartbeat SET at = %s WHERE part = 'delivery'", NOON - timedelta(minutes=11))
    found = {link.name: link for link in examine(parts, UP)}
    assert found["delivery"].ok is False
    assert "nobody has sent anything for 11 min" in found["delivery"].sentence


def test_a_database_without_our_schema_breaks_there(
    empty_database_url: str, configured: Settings, hand: Hand
) -> None:
    bare = replace(configured, outside_database=empty_database_url)
    parts = Parts(bare, Database(bare), Roster(bare), hand)
    link = broken(examine(parts, UP))
    assert link is not None
    assert link.name == "schema"
    assert "tocsin migrate" in link.sentence
