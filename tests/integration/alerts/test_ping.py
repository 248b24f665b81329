"""The dead-man's switch outside is told of every run that came to its end, and harms none."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from pipeline import settings
from pipeline.alerts.ping import ping
from pipeline.cli.main import build
from pipeline.settings import Settings
from pipeline.store import outages
from pipeline.store.connection import connect, transaction
from pipeline.store.outages import Ping
from tests.fixtures.services import Reply, Request, Slack, serving
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)


class Switch(Slack):
    """A check at healthchecks.io: an empty POST to its secret address is a ping."""

    def take(self, request: Request) -> Reply:
        return Reply(200, "OK") if not request.body else Reply(400, "not empty")


@dataclass
class Outside:
    world: World
    switch: Switch
    conf: Settings

    def ping(self, at: datetime) -> Ping | None:
        """One ping, and what is known of it afterwards."""
        with self.world.connected() as link:
            ping(link, self.conf, at)
        return self.known()

    def known(self) -> Ping | None:
        with closing(connect(self.world.url, "console")) as link, transaction(link) as cursor:
            return outages.ping(cursor)


@pytest.fixture
def outside(world: World) -> Iterator[Outside]:
    with serving(Switch(NOON)) as switch:
        assert isinstance(switch, Switch)
        conf = replace(
            settings.load({}),
            ping_url=switch.url,
            notify_allow_origins=frozenset({switch.origin}),
        )
        yield Outside(world, switch, conf)


def test_a_ping_is_one_empty_post_and_is_on_record(outside: Outside) -> None:
    assert outside.ping(NOON) == Ping(NOON, NOON, None)
    assert len(outside.switch.requests) == 1


def test_a_switch_that_does_not_answer_stops_nobody_and_is_named_without_its_secret(
    outside: Outside,
) -> None:
    outside.ping(NOON)
    outside.switch.mood = "refusing"
    failed = outside.ping(NOON + MINUTE)
    assert failed == Ping(NOON + MINUTE, NOON, "HTTP 403 invalid_token")
    outside.switch.mood = "well"
    again = NOON + 2 * MINUTE
    assert outside.ping(again) == Ping(again, again, None)


def test_a_private_address_is_not_asked_for_unless_it_is_allowed(outside: Outside) -> None:
    outside.conf = replace(outside.conf, notify_allow_origins=frozenset())
    found = outside.ping(NOON)
    assert found is not None
    assert "is a loopback address" in str(found.error)
    assert outside.switch.requests == []


def test_without_an_address_nobody_is_asked(outside: Outside) -> None:
    outside.conf = replace(outside.conf, ping_url=None)
    assert outside.ping(NOON) is None


def test_a_run_by_hand_pings_and_does_not_fail_with_the_switch(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", outside.world.url)
    monkeypatch.setenv("TOCSIN_PING_URL", outside.switch.url)
    monkeypatch.setenv("TOCSIN_NOTIFY_ALLOW_ORIGINS", outside.switch.origin)
    outside.switch.mood = "broken"
    assert CliRunner().invoke(build(), ["alerts", "run"]).exit_code == 0
    found = outside.known()
    assert found is not None
    assert found.error == "HTTP 502 <html>Bad Gateway</html>"
    assert datetime.now(UTC) - found.asked_at < MINUTE
