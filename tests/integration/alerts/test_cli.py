"""`tocsin alerts`, as a person at a terminal sees it."""

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.errors import CommandError
from pipeline.cli.main import build
from pipeline.store import delivery
from pipeline.store.connection import connect
from tests.integration.alerts.test_silences import lay
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    monkeypatch.setenv("COLUMNS", "240")


def tocsin(*words: str) -> Result:
    return CliRunner().invoke(build(), ["alerts", *words])


def test_a_run_says_what_it_did_and_why_not_more(world: World) -> None:
    world.add(world.burst(9, NOW) + world.burst(3, NOW, issuers=("other",)))
    said = tocsin("run", "--as-of", NOW.isoformat()).output
    assert f"opened {world.alert()['alert_id']}" in said
    assert "too_few_stories" in said


def test_a_run_for_the_future_is_refused(world: World) -> None:
    said = tocsin("run", "--as-of", "2999-01-01T00:00+00:00")
    assert isinstance(said.exception, CommandError)
    assert "lies in the future" in str(said.exception)


def test_the_list_is_empty_with_the_time_of_the_last_check(world: World) -> None:
    assert "Never checked yet." in tocsin("list").output
    tocsin("run")
    said = tocsin("list").output
    assert "No open alerts." in said
    assert "Checked " in said


def test_the_list_and_one_alert_read_as_on_the_console(world: World) -> None:
    world.add(world.burst(9, NOW))
    world.ask("UPDATE revision SET title = %s RETURNING 1", "Deposits [bold]fall\x1b[2J[/bold]")
    tocsin("run")
    alert_id = str(world.alert()["alert_id"])
    listed = tocsin("list").output
    assert alert_id[:8] in listed
    assert "Harbour: 9 negative stories in 6 h" in listed
    assert "Deposits [bold]fall·[2J[/bold]" in listed
    shown = tocsin("show", alert_id[:6]).output
    assert "Evidence (9 stories)" in shown
    assert "http://example.org/" in shown
    assert "opened by tocsin" in shown
    assert "\x1b" not in shown


def test_an_alert_that_is_not_there_is_said_in_a_sentence(world: World) -> None:
    said = tocsin("show", "beef")
    assert isinstance(said.exception, CommandError)
    assert "No alert has an id that begins with beef" in str(said.exception)


def test_why_names_the_nearest_window_and_what_was_missing(world: World) -> None:
    world.add(world.days(30, NOW) + world.burst(3, NOW))
    tocsin("run")
    said = tocsin("why", "harbour", "--at", NOW.isoformat()).output
    assert "Harbour (harbour), the 24 h to" in said
    assert "History: 14 of 14 days." in said
    assert "too few stories" in said
    assert "No negative story" in tocsin("why", "bystander", "--at", NOW.isoformat()).output


def test_why_says_when_a_silence_was_in_force(world: World) -> None:
    lay(
        world,
        severities=("low",),
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1),
        comment="known\x1b[2J",
    )
    world.add(world.burst(9, NOW))
    with closing(connect(world.url, "console")) as link:
        delivery.put_recipients(link, {"desk": {"channel": "slack", "to": {"url": "URL"}}})
    tocsin("run", "--as-of", NOW.isoformat())
    said = tocsin("why", "harbour")
    assert re.search(r"Silence from .* to .* over low, by ann: known·\[2J", said.output)
    assert re.search(r"Alert \w{8} not told .*: silenced", said.output)


def test_why_names_near_misses_what_came_late_and_what_others_carry(world: World) -> None:
    world.add(world.burst(4, NOW))
    for issuer in ("castle", "quarry", "mill", "ferry", "tower"):
        world.add(world.burst(7, NOW, issuers=(issuer,)))
    world.add(world.burst(9, NOW - timedelta(days=2), issuers=("pier",)))
    tocsin("run", "--as-of", NOW.isoformat())
    near = tocsin("why", "harbour").output
    said = r"Near miss .*: 4 stories from 4 publishers in 6 h, surging from 5, too few stories"
    assert re.search(said, near)
    carried = tocsin("why", "castle").output
    assert re.search(r"Topic Credit and debt not raised .*, but alerts of issuers carry", carried)
    assert re.search(r"Alert \w{8} not told .*: found too late", tocsin("why", "pier").output)


def test_why_asks_for_an_issuer_there_is(world: World) -> None:
    assert "No issuer has the id" in str(tocsin("why", "nobody").exception)


def test_why_quotes_headlines_that_name_an_event_and_tells_how_far_days_add_up(
    world: World,
) -> None:
    stories = world.burst(2, NOW, headline="Harbour defaults\x1b[2J on bond")
    world.add(world.days(40, NOW) + world.burst(30, NOW - timedelta(days=1), 29 * 1440))
    world.add([replace(one, publisher="blog", tier="self-media") for one in stories[:1]])
    world.add(stories[1:])
    said = tocsin("why", "harbour", "--at", NOW.isoformat()).output
    assert "Blog (self-media): Harbour defaults·[2J on bond" in said
    assert "“defaults” (default): publisher not trusted" in said
    assert "“defaults” (default): rings" in said
    assert re.search(r"Slow burn: \d\.\d of 6\.5, over the \d+ days to the last midnight UTC", said)
