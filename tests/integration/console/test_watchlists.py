"""The pages of watchlists: made, filled and emptied in both languages."""

import pytest
from fastapi.testclient import TestClient

from tests.integration.console.test_pages import text_of
from tests.integration.console.world import BANK, World

pytestmark = pytest.mark.slow


def create(client: TestClient, name: str = "亚洲 banks", owner: str = "risk desk") -> str:
    return client.post("/watchlists", data={"name": name, "owner": owner}).headers["location"]


def test_without_a_watchlist_the_page_says_how_to_make_one(
    client: TestClient, world: World
) -> None:
    assert "No watchlist yet. Make the first one here" in text_of(client.get("/watchlists").text)
    assert "尚无关注名单" in text_of(client.get("/watchlists?lang=zh").text)


def test_one_is_made_and_filled_by_any_name_or_code(
    client: TestClient, world: World, alert_id: str
) -> None:
    page = create(client)
    assert page == "/watchlists/%E4%BA%9A%E6%B4%B2%20banks"
    assert "Nothing is on this watchlist yet." in text_of(client.get(page).text)
    for text in ("88901.HK", "云岭地产"):
        answer = client.post(f"{page}/add", data={"issuer": text})
        assert answer.headers["location"] == page
    client.post(f"{page}/add", data={"topic": "credit_debt"})
    said = text_of(client.get(page).text)
    assert "Meridian Harbour Bank 88901.HK issuer Show" in said
    assert "Yunling Property Group" in said
    assert "Credit and debt topic none" in said
    assert f"/alerts/{alert_id}" in client.get(page).text
    listed = text_of(client.get("/watchlists").text)
    assert "亚洲 banks risk desk 2 1 1" in listed
    assert "海港银行" in text_of(client.get(f"{page}?lang=zh").text)


def test_a_name_is_taken_off_twice_as_once(client: TestClient, world: World) -> None:
    page = create(client)
    client.post(f"{page}/add", data={"issuer": BANK})
    assert client.post(f"{page}/remove").headers["location"] == f"{page}?refused=filled"
    for _ in range(2):
        answer = client.post(f"{page}/drop", data={"kind": "issuer", "subject": BANK})
        assert answer.status_code == 303
    assert "Nothing is on this watchlist yet." in text_of(client.get(page).text)
    assert client.post(f"{page}/remove").headers["location"] == "/watchlists"
    assert client.get(page).status_code == 404


def test_a_part_of_a_name_asks_which_issuer_is_meant(client: TestClient, world: World) -> None:
    page = create(client)
    asked = client.post(f"{page}/add", data={"issuer": "harbour"}).headers["location"]
    assert asked == f"{page}?which=harbour"
    said = client.get(asked).text
    assert "Which one is meant by harbour?" in text_of(said)
    assert f'value="{BANK}"' in said


@pytest.mark.parametrize(
    ("data", "reason", "said"),
    [
        ({"issuer": "nobody at all"}, "unknown", "No issuer has such a name or code."),
        ({"issuer": "%"}, "unknown", "No issuer has such a name or code."),
        ({"issuer": BANK}, "listed", "It is on the watchlist already."),
    ],
)
def test_what_cannot_be_added_is_said(
    client: TestClient, world: World, data: dict[str, str], reason: str, said: str
) -> None:
    page = create(client)
    client.post(f"{page}/add", data={"issuer": BANK})
    answer = client.post(f"{page}/add", data=data).headers["location"]
    assert answer == f"{page}?refused={reason}"
    assert said in text_of(client.get(answer).text)


@pytest.mark.parametrize(
    ("name", "owner", "reason"),
    [("亚洲 banks", "other", "taken"), ("a/b", "x", "unfit"), ("new", " ", "unfit")],
)
def test_what_cannot_be_made_is_said(
    client: TestClient, world: World, name: str, owner: str, reason: str
) -> None:
    create(client)
    assert create(client, name, owner) == f"/watchlists?refused={reason}"


def test_what_is_wrong_is_refused(client: TestClient, world: World) -> None:
    page = create(client)
    assert client.post(f"{page}/add", data={"topic": "weather"}).status_code == 422
    assert client.post(f"{page}/drop", data={"kind": "x", "subject": "y"}).status_code == 422
    for path in ("add", "drop"):
        data = {"issuer": BANK, "kind": "issuer", "subject": BANK}
        assert client.post(f"/watchlists/none/{path}", data=data).status_code == 404
    assert client.post(f"{page}/add", headers={"origin": "http://evil"}).status_code == 403


def test_names_with_markup_stay_text(client: TestClient, world: World) -> None:
    owner = "<img src=x onerror=alert(1)>"
    page = create(client, "x", owner)
    for path in ("/watchlists", page):
        assert "<img" not in client.get(path).text
