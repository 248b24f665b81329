"""Acknowledging until a time, the close, the morning, or until it worsens, in the pages."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import World

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def until(world: World) -> tuple[object, ...]:
    (row,) = world.ask("SELECT state, acknowledged_until, worse_from, worse_than FROM alert")
    return row


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("ever", (None, None, None)),
        ("hour", (NOON + HOUR, None, None)),
        ("hours", (NOON + 4 * HOUR, None, None)),
        ("morning", (NOON + 20 * HOUR, None, None)),
        # The exchange of Hong Kong closes at 16:00.
        ("close", (NOON + 4 * HOUR, None, None)),
        ("worse", (None, 14, "low")),
    ],
)
def test_each_choice_has_its_end(
    client: TestClient, world: World, alert_id: str, choice: str, kept: tuple[object, ...]
) -> None:
    answer = client.post(f"/alerts/{alert_id}/acknowledge", data={"until": choice})
    assert answer.headers["location"] == f"/alerts/{alert_id}"
    assert until(world) == ("acknowledged", *kept)


def test_after_the_close_the_next_one_is_offered(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    hand.at = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)  # a Friday, 17:00 in Hong Kong
    assert "close 9 Mar 16:00 HKT" in text_of(client.get(f"/alerts/{alert_id}/acknowledge").text)


def test_who_until_when_and_why_are_shown_in_both_languages(
    client: TestClient, world: World, alert_id: str, hand: Hand
) -> None:
    fields = {"until": "hour", "comment": "  calling the desk <b>  "}
    client.post(f"/alerts/{alert_id}/acknowledge", data=fields)
    page = client.get(f"/alerts/{alert_id}").text
    assert "Acknowledged by analyst, until 13:00 HKT: calling the desk &lt;b&gt;" in page
    assert "Acknowledged until 13:00 HKT" in text_of(client.get("/").text)
    chinese = text_of(client.get(f"/alerts/{alert_id}?lang=zh").text)
    assert "已确认，至 13:00 HKT" in chinese
    assert "analyst 确认，至 13:00 HKT：calling the desk" in chinese
    hand.move(hours=1)
    world.run(hand.at)
    assert until(world)[0] == "firing"
    page = text_of(client.get(f"/alerts/{alert_id}?lang=en").text)
    assert "Acknowledgement ended: its time was up" in page


def test_one_that_holds_until_it_worsens_says_so(
    client: TestClient, world: World, alert_id: str
) -> None:
    client.post(f"/alerts/{alert_id}/acknowledge", data={"until": "worse"})
    page = text_of(client.get(f"/alerts/{alert_id}").text)
    assert "Acknowledged until it worsens" in page
    assert "Acknowledged by analyst, until it worsens" in page


def test_it_can_be_taken_back(client: TestClient, world: World, alert_id: str) -> None:
    client.post(f"/alerts/{alert_id}/acknowledge", data={"until": "hour"})
    assert "Acknowledged: Meridian Harbour Bank." in text_of(client.get("/").text)
    client.post(f"/alerts/{alert_id}/undo")
    assert until(world) == ("firing", None, None, None)


def test_what_is_not_offered_is_refused(client: TestClient, world: World, alert_id: str) -> None:
    address = f"/alerts/{alert_id}/acknowledge"
    assert client.post(address, data={"until": "doomsday"}).status_code == 422
    nobody = f"/alerts/{alert_id[:-4]}0000/acknowledge"
    assert client.get(nobody).status_code == 404
    assert client.post(nobody, data={"until": "hour"}).status_code == 404
    client.post(f"/alerts/{alert_id}/close")
    late = client.post(address, data={"until": "hour"})
    assert late.headers["location"].endswith("?refused=resolved")
    assert until(world)[0] == "resolved"
