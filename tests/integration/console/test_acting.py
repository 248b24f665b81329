"""What analysts do, in the pages and in the database."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from pipeline.store import judging
from pipeline.store.connection import connect
from pipeline.store.judging import Decision, Outcome
from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.world import World, surge

pytestmark = pytest.mark.slow


def state(world: World) -> tuple[object, ...]:
    (row,) = world.ask(
        "SELECT state, owner, resolved_reason FROM alert WHERE subject_kind = 'issuer'"
    )
    return row


def events(world: World) -> list[str]:
    return [what for (what,) in world.ask("SELECT what FROM alert_event ORDER BY seq")]


def labels(world: World) -> list[tuple[object, ...]]:
    return world.ask("SELECT field, value, annotator, supersedes FROM label ORDER BY label_id")


def test_acknowledging_twice_is_once(client: TestClient, world: World, alert_id: str) -> None:
    for _ in range(2):
        answer = client.post(f"/alerts/{alert_id}/acknowledge")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/alerts/{alert_id}"
    assert state(world) == ("acknowledged", "analyst", None)
    assert events(world) == ["opened", "acknowledged"]


def test_a_false_alarm_resolves_labels_and_can_be_taken_back(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    client.post(f"/alerts/{alert_id}/false-alarm", data={"back": "inbox"})
    assert state(world) == ("resolved", "analyst", "false_alarm")
    assert "Marked as a false alarm: Meridian Harbour Bank." in client.get("/").text
    hand.move(seconds=9)
    client.post(f"/alerts/{alert_id}/undo")
    assert state(world) == ("firing", None, None)
    assert events(world) == ["opened", "false_alarm", "undone"]
    (first, second) = labels(world)
    assert first[:3] == ("alert", "false_alarm", "analyst")
    assert second[1] == "withdrawn"
    assert second[3] is not None


def test_undo_restores_the_state_before_and_only_once(
    client: TestClient, world: World, alert_id: str
) -> None:
    client.post(f"/alerts/{alert_id}/acknowledge")
    client.post(f"/alerts/{alert_id}/close")
    client.post(f"/alerts/{alert_id}/undo")
    client.post(f"/alerts/{alert_id}/undo")
    assert state(world) == ("acknowledged", "analyst", None)
    assert events(world) == ["opened", "acknowledged", "resolved", "undone"]


def test_ten_seconds_later_nothing_is_undone(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    client.post(f"/alerts/{alert_id}/close")
    hand.move(seconds=14)
    assert "Undo" not in client.get("/").text
    answer = client.post(f"/alerts/{alert_id}/undo")
    assert state(world) == ("resolved", "analyst", "closed")
    page = client.get(answer.headers["location"]).text
    assert "Too late to undo. Nothing was changed." in page


def test_a_newer_alert_is_not_joined_by_an_undone_one(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    client.post(f"/alerts/{alert_id}/close")
    world.ask(
        "INSERT INTO alert SELECT (jsonb_populate_record(a, jsonb_build_object("
        " 'alert_id', %s::text, 'state', 'firing', 'resolved_at', NULL, 'resolved_reason', NULL"
        "))).* FROM alert a WHERE alert_id = %s",
        str(UUID(int=99)),
        alert_id,
    )
    answer = client.post(f"/alerts/{alert_id}/undo")
    assert "refused=overtaken" in answer.headers["location"]


def test_a_resolved_alert_is_not_acknowledged_but_may_be_called_false(
    client: TestClient, world: World, alert_id: str
) -> None:
    client.post(f"/alerts/{alert_id}/close")
    answer = client.post(f"/alerts/{alert_id}/acknowledge")
    assert "refused=resolved" in answer.headers["location"]
    client.post(f"/alerts/{alert_id}/false-alarm")
    assert state(world) == ("resolved", "analyst", "false_alarm")


def test_other_sites_cannot_act(client: TestClient, world: World, alert_id: str) -> None:
    answer = client.post(
        f"/alerts/{alert_id}/acknowledge", headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert state(world)[0] == "firing"


def test_an_unknown_alert_or_act_is_not_found(client: TestClient, world: World) -> None:
    nobody = "/alerts/00000000-0000-0000-0000-000000000000"
    assert client.post(f"{nobody}/acknowledge").status_code == 404
    assert client.post(f"{nobody}/delete").status_code == 404


def test_a_wrong_label_is_kept_with_the_text_it_was_said_of(
    client: TestClient, world: World, alert_id: str
) -> None:
    ((story,),) = world.ask("SELECT story_id FROM alert_evidence ORDER BY story_id LIMIT 1")
    path = f"/alerts/{alert_id}/stories/{story}/label"
    for _ in range(2):
        answer = client.post(path, data={"sentiment": "neutral", "topic": ""})
        assert answer.headers["location"] == f"/alerts/{alert_id}#s-{story}"
    client.post(path, data={"sentiment": "positive", "topic": "macro"})
    assert [row[:3] for row in labels(world)] == [
        ("sentiment", "neutral", "analyst"),
        ("sentiment", "positive", "analyst"),
        ("topic", "macro", "analyst"),
    ]
    assert labels(world)[1][3] is not None
    ((text_sha,),) = world.ask("SELECT DISTINCT text_sha FROM label")
    assert bytes(text_sha) == story.bytes  # the digest that the world gives each text
    page = client.get(f"/alerts/{alert_id}").text
    assert "You said: positive" in page
    assert "You said: Economy" in page


def test_a_label_that_does_not_exist_is_refused(
    client: TestClient, world: World, alert_id: str
) -> None:
    ((story,),) = world.ask("SELECT story_id FROM alert_evidence LIMIT 1")
    path = f"/alerts/{alert_id}/stories/{story}/label"
    assert client.post(path, data={"sentiment": "awful"}).status_code == 422
    assert client.post(path, data={"topic": "<script>"}).status_code == 422
    assert labels(world) == []


def test_an_alerts_run_leaves_what_analysts_decided(
    client: TestClient, world: World, alert_id: str
) -> None:
    client.post(f"/alerts/{alert_id}/acknowledge")
    for story in surge(NOON + timedelta(minutes=5), count=3):
        world.add(story)
    world.run(NOON + timedelta(minutes=5))
    assert state(world)[:2] == ("acknowledged", "analyst")
    client.post(f"/alerts/{alert_id}/undo")
    assert state(world)[0] == "firing"


def test_analysts_and_alerts_runs_do_not_trip_over_each_other(world: World, alert_id: str) -> None:
    outcomes: list[Outcome] = []

    def decide() -> None:
        link = connect(world.url, "console")
        for turn in range(20):
            decision = Decision(UUID(alert_id), "analyst", NOON + timedelta(milliseconds=turn))
            judging.acknowledge(link, decision)
            outcomes.append(judging.undo(link, decision, timedelta(seconds=10)))
        link.close()

    deciding = threading.Thread(target=decide)
    deciding.start()
    for minute in range(1, 6):
        for story in surge(NOON + timedelta(minutes=5 * minute), count=1):
            world.add(story)
        world.run(NOON + timedelta(minutes=5 * minute))
    deciding.join()
    assert set(outcomes) == {Outcome.DONE}
    assert state(world)[0] == "firing"
