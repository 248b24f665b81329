"""Watchlists in and out of the database, and that nothing hides a name on one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts.delivery.recipients import RecipientError
from pipeline.alerts.watchlists import WatchlistError
from pipeline.cli.main import build
from pipeline.store import watchlists
from pipeline.store.connection import connect
from pipeline.store.watchlists import Kept
from tests.fixtures.services import Slack, serving
from tests.integration.alerts.test_delivery import Office
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FILE = """\
["亚洲 banks"]
owner = "risk desk"
issuers = ["harbour", "Bank Of The East"]
topics = ["credit_debt"]

["empty"]
owner = "Wei"
issuers = []
topics = []
"""


@pytest.fixture(autouse=True)
def _address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(world.days(1, NOON, issuers=("harbour",)))
    world.add(world.days(1, NOON, issuers=("bank of the east",)))
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    monkeypatch.setenv("COLUMNS", "200")


def tocsin(*words: str) -> Result:
    return CliRunner().invoke(build(), list(words))


def watch(world: World, *subjects: tuple[Any, str], name: str = "mine") -> None:
    link = connect(world.url, "console")
    watchlists.put(link, {name: Kept("desk", frozenset(subjects))})
    link.close()


# ---------------------------------------------------------------- files


def test_a_file_goes_in_and_comes_out(tmp_path: Path) -> None:
    assert "No watchlists." in tocsin("watchlists", "list").output
    path = tmp_path / "lists.toml"
    path.write_text(FILE, encoding="utf-8")
    assert tocsin("watchlists", "import", str(path)).output == (
        "2 of 2 watchlists added or changed.\n"
    )
    assert "0 of 2" in tocsin("watchlists", "import", str(path)).output
    said = " ".join(tocsin("watchlists", "list").output.split())
    assert "亚洲 banks risk desk 2 1 0" in said
    out = tmp_path / "out.toml"
    tocsin("watchlists", "export", "--out", str(out))
    exported = out.read_text(encoding="utf-8")
    assert '["亚洲 banks"]' in exported
    assert 'issuers = ["bank of the east", "harbour"]' in exported
    assert tocsin("watchlists", "remove", "empty").exit_code == 0
    assert "1 of 2" in tocsin("watchlists", "import", str(out)).output
    assert tocsin("watchlists", "export").output == exported


def test_what_a_file_leaves_out_of_a_watchlist_is_taken_off(tmp_path: Path, world: World) -> None:
    watch(world, ("issuer", "harbour"), ("topic", "macro"))
    path = tmp_path / "lists.toml"
    path.write_text('[mine]\nowner = "other"\ntopics = ["macro"]\n', encoding="utf-8")
    assert "1 of 1" in tocsin("watchlists", "import", str(path)).output
    with world.connected() as link, link.cursor() as cursor:
        assert watchlists.everything(cursor) == {
            "mine": Kept("other", frozenset({("topic", "macro")}))
        }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\nissuers = ["harbour"]\n', "watchlist a: Object missing required field `owner`"),
        ('[a]\nowner = "x"\nissuers = ["nobody"]\n', "a: issuers: No issuer has the id"),
        ('[a]\nowner = "x"\ntopics = ["weather"]\n', "a: topics: there is no topic weather"),
        ('["a/b"]\nowner = "x"\n', "watchlist a/b"),
        ('[a]\nowner = ""\n', "watchlist a"),
        ("[a\n", "this is no TOML"),
    ],
)
def test_a_file_with_anything_wrong_in_it_changes_nothing(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "lists.toml"
    path.write_text(f'[good]\nowner = "x"\n\n{text}', encoding="utf-8")
    error = tocsin("watchlists", "import", str(path)).exception
    assert isinstance(error, WatchlistError)
    assert said in str(error)
    assert "No watchlists." in tocsin("watchlists", "list").output


def test_a_watchlist_that_somebody_is_told_by_stays(tmp_path: Path, world: World) -> None:
    path = tmp_path / "recipients.toml"
    path.write_text(
        '[desk]\nchannel = "slack"\nto = { url = "DESK" }\nsubjects = ["watchlist:mine"]\n',
        encoding="utf-8",
    )
    error = tocsin("recipients", "import", str(path)).exception
    assert isinstance(error, RecipientError)
    assert "there is no watchlist mine" in str(error)
    watch(world)
    assert tocsin("recipients", "import", str(path)).exit_code == 0
    error = tocsin("watchlists", "remove", "mine").exception
    assert "told by it are desk" in str(error)


def test_the_consumer_may_not_see_what_is_watched(world: World) -> None:
    link = connect(world.url, "ingest")
    with link.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
        cursor.execute("SELECT FROM watchlist_entry")
    link.close()


# ---------------------------------------------------------------- nothing hides a name


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    with serving(Slack(NOON)) as service:
        assert isinstance(service, Slack)
        yield Office(world, service)


def many_hit(world: World, *, more: int = 0) -> None:
    """A topic's surge over many issuers, harbour one of them."""
    for number, story in enumerate(world.burst(7, NOON)):
        issuer = "harbour" if number == 0 else f"issuer {number}"
        world.add([type(story)(**vars(story) | {"issuers": (issuer,)})])
    world.add(world.burst(more, NOON, minutes=20)) if more else None


def test_a_watched_issuer_within_a_topics_alert_is_told_to_its_watchers(office: Office) -> None:
    watch(office.world, ("issuer", "harbour"))
    watch(office.world, ("issuer", "bank of the east"), name="theirs")
    office.enrol("mine", subjects=["watchlist:mine"])
    office.enrol("theirs", subjects=["watchlist:theirs"])
    many_hit(office.world)
    office.run(NOON)
    assert office.world.alert()["subject_kind"] == "topic"
    assert {row["recipient"] for row in office.deliveries()} == {"mine"}


def test_a_watched_story_that_another_issuers_alert_carries_is_told(office: Office) -> None:
    watch(office.world, ("issuer", "harbour"))
    office.enrol("mine", subjects=["watchlist:mine"])
    office.world.add(office.world.burst(8, NOON, issuers=("bank of the east",)))
    office.world.add(office.world.burst(1, NOON, issuers=("bank of the east", "harbour")))
    office.run(NOON)
    assert office.world.alert()["subject"] == "bank of the east"
    assert len(office.told()) == 1


def test_a_watched_issuer_with_an_alert_of_its_own_is_told_by_that_alone(office: Office) -> None:
    watch(office.world, ("issuer", "harbour"))
    office.enrol("mine", subjects=["watchlist:mine"])
    office.world.add(office.world.burst(9, NOON, issuers=("bank of the east", "harbour")))
    office.run(NOON)
    assert {row["subject"] for row in office.world.alerts()} == {"bank of the east", "harbour"}
    (told,) = office.told()
    assert "Harbour" in told


def test_a_topics_open_alert_does_not_keep_a_watched_issuer_from_its_own(office: Office) -> None:
    watch(office.world, ("issuer", "harbour"), ("topic", "credit_debt"))
    office.enrol("mine", subjects=["watchlist:mine"], group="all", interval_minutes=60)
    many_hit(office.world)
    office.run(NOON)
    office.world.add(office.world.burst(9, NOON + 10 * MINUTE, minutes=10))
    office.run(NOON + 10 * MINUTE)
    assert {(row["subject"], row["state"]) for row in office.world.alerts()} == {
        ("credit_debt", "firing"),
        ("harbour", "firing"),
    }
    assert len(office.told()) == 2
    assert "Harbour: 1" in office.told()[1]


def test_a_small_story_of_a_watched_name_that_is_not_about_it_is_not_told(office: Office) -> None:
    watch(office.world, ("issuer", "harbour"))
    office.enrol("mine", subjects=["watchlist:mine"])
    office.world.add(office.world.burst(8, NOON, issuers=("bank of the east",)))
    (story,) = office.world.burst(1, NOON, issuers=("bank of the east", "harbour"))
    office.world.add([story])
    office.world.ask(
        "UPDATE story_signal SET relevance = 0.3 WHERE story_id = %s AND series_id ="
        " (SELECT series_id FROM series WHERE entity_id = 'harbour') RETURNING 1",
        story.story_id,
    )
    office.run(NOON)
    assert office.told() == []
