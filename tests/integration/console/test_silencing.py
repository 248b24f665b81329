"""Silences in the pages: laid with an end and a comment, seen, ended, taken back."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import BANK, World, surge

pytestmark = pytest.mark.slow

ASKED = {"until": "hours", "comment": "the placing is known", "below": "yes"}


def lay(client: TestClient, alert_id: str, **fields: str) -> str:
    answer = client.post(f"/alerts/{alert_id}/silence", data=ASKED | fields)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def kept(world: World) -> dict[str, Any]:
    names = ("silence_id", "subjects", "topics", "severities", "ends_at", "ended_by", "made_by")
    (row,) = world.ask(f"SELECT {', '.join(names)} FROM silence")  # noqa: S608
    return dict(zip(names, row, strict=True))


def page(client: TestClient, path: str) -> str:
    return text_of(client.get(path).text)


def test_a_silence_is_laid_over_the_subject_with_who_until_and_why(
    client: TestClient, world: World, alert_id: str
) -> None:
    form = page(client, f"/alerts/{alert_id}/silence")
    assert "4 hours 16:00 HKT" in form
    assert lay(client, alert_id) == f"/alerts/{alert_id}"
    found = kept(world)
    assert (found["subjects"], found["topics"], found["severities"]) == (
        [BANK],
        [],
        ["info", "low"],
    )
    assert (found["ends_at"], found["made_by"]) == (NOON + timedelta(hours=4), "analyst")
    shown = page(client, f"/alerts/{alert_id}")
    assert "Silenced until 16:00 HKT by analyst: the placing is known" in shown
    assert "Silenced by analyst, until 16:00 HKT: the placing is known" in shown


@pytest.mark.parametrize(
    ("until", "at", "end"),
    [
        ("hour", NOON, NOON + timedelta(hours=1)),
        ("day", NOON, NOON + timedelta(days=1)),
        ("week", NOON, NOON + timedelta(days=7)),
        ("morning", NOON, NOON + timedelta(hours=20)),
        ("morning", NOON - timedelta(hours=6), NOON - timedelta(hours=4)),
    ],
)
def test_each_length_has_its_end(
    client: TestClient,
    world: World,
    alert_id: str,
    hand: Hand,
    until: str,
    at: datetime,
    end: datetime,
) -> None:
    hand.at = at
    lay(client, alert_id, until=until)
    assert kept(world)["ends_at"] == end


def test_without_a_comment_nothing_is_done_and_it_says_so(
    client: TestClient, world: World, alert_id: str
) -> None:
    back = lay(client, alert_id, comment=" \n ")
    assert "A comment is needed" in page(client, back)
    assert world.ask("SELECT 1 FROM silence") == []


def test_a_length_that_is_none_and_an_alert_that_is_none_are_refused(
    client: TestClient, world: World, alert_id: str
) -> None:
    wrong = client.post(f"/alerts/{alert_id}/silence", data=ASKED | {"until": "ever"})
    assert wrong.status_code == 422
    nobody = alert_id[:-4] + "0000"
    assert client.get(f"/alerts/{nobody}/silence").status_code == 404
    assert client.post(f"/alerts/{nobody}/silence", data=ASKED).status_code == 404
    assert client.post(f"/silences/{alert_id}/end").status_code == 404
    assert world.ask("SELECT 1 FROM silence") == []


def test_a_silenced_alert_stands_under_silenced_and_open_says_that_it_is_there(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    lay(client, alert_id)
    assert "No open alert but 1 silenced." in page(client, "/")
    assert alert_id not in client.get("/").text.split("<main")[1].split("toast")[0]
    silenced = page(client, "/?state=silenced")
    assert "Meridian Harbour Bank" in silenced
    assert "Silenced until 16:00 HKT" in silenced
    assert alert_id in client.get("/?state=all").text
    hand.move(hours=4)
    world.beat(hand.at)
    assert alert_id in client.get("/").text
    assert "No silence is over any open alert." in page(client, "/?state=silenced")


def test_a_rise_above_what_was_silenced_stands_under_open_again(
    client: TestClient, world: World, alert_id: str
) -> None:
    lay(client, alert_id)
    world.ask("UPDATE alert SET severity = 'critical'")
    assert alert_id in client.get("/").text


@pytest.mark.parametrize(
    ("severity", "silenced"),
    [
        ("info", ["info"]),
        ("high", ["info", "low", "high"]),
        ("critical", ["info", "low", "high", "critical"]),
    ],
)
def test_an_alert_of_any_severity_can_be_silenced_and_acknowledged(
    client: TestClient, world: World, alert_id: str, severity: str, silenced: list[str]
) -> None:
    world.ask("UPDATE alert SET severity = %s", severity)
    lay(client, alert_id)
    assert kept(world)["severities"] == silenced
    client.post(f"/alerts/{alert_id}/acknowledge", data={"until": "worse"})
    assert world.ask("SELECT state, worse_than FROM alert") == [("acknowledged", severity)]


def test_it_is_listed_on_the_system_page_and_ended_there(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    lay(client, alert_id, topic="yes")
    listed = page(client, "/system")
    assert (
        "Meridian Harbour Bank, Credit and debt, Info, Low 16:00 HKT the placing is known" in listed
    )
    hand.move(minutes=1)
    answer = client.post(f"/silences/{kept(world)['silence_id']}/end", data={"from": "/system"})
    assert answer.headers["location"] == "/system"
    assert kept(world)["ended_by"] == "analyst"
    listed = page(client, "/system")
    assert "12:01 HKT ended by analyst" in listed
    assert "End now" not in listed


def test_laying_and_ending_can_be_taken_back_for_ten_seconds(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    lay(client, alert_id)
    undo = re.compile(r'action="(/silences/[0-9a-f-]+/\w+)">\s*<input type="hidden" name="back"')
    (address,) = undo.findall(client.get("/").text)
    assert address.endswith("/end")
    hand.move(minutes=1)
    assert undo.findall(client.get("/").text) == []
    client.post(address, data={"from": "/"})
    (address,) = undo.findall(client.get("/").text)
    assert address.endswith("/resume")
    assert client.post(address, data={"from": "/"}).headers["location"] == "/"
    assert kept(world)["ended_by"] is None
    client.post(address.replace("resume", "end"))
    hand.move(minutes=1)
    late = client.post(address, data={"from": "/system"})
    assert late.headers["location"] == "/system?refused=too_late"


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/a\\b", "/x y", ""])
def test_one_comes_back_to_a_page_of_the_console_only(
    client: TestClient, world: World, alert_id: str, page: str
) -> None:
    lay(client, alert_id)
    answer = client.post(f"/silences/{kept(world)['silence_id']}/end", data={"from": page})
    assert answer.headers["location"] == "/system"


def test_a_comment_stays_text_and_is_cut(client: TestClient, world: World, alert_id: str) -> None:
    lay(client, alert_id, comment="<script>1</script>" + "x" * 900)
    ((comment,),) = world.ask("SELECT comment FROM silence")
    assert len(comment) == 500
    for path in ("/system", f"/alerts/{alert_id}"):
        assert "<script>1" not in client.get(path).text


def test_what_a_silence_changes_is_live(client: TestClient, world: World, alert_id: str) -> None:
    token = re.compile(r'data-token="(\w+)')
    before = token.findall(client.get("/?state=all").text)
    lay(client, alert_id)
    after = token.findall(client.get("/?state=all").text)
    assert len(before) == len(after) == 1
    assert before != after


def test_topics_are_silenced_too(client: TestClient, world: World) -> None:
    for story in surge(NOON):
        world.add(type(story)(**vars(story) | {"subject": None}))
    world.run(NOON)
    ((alert_id,),) = world.ask("SELECT alert_id FROM alert")
    lay(client, str(alert_id))
    assert kept(world)["subjects"] == ["credit_debt"]
    assert "信用债务" in page(client, "/system?lang=zh")
