"""The watchman: the operator hears once that nobody looks for alerts, and once that it is over."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline import settings
from pipeline.alerts import watchman
from pipeline.alerts.run import run
from pipeline.alerts.watchman import Watchman
from pipeline.settings import Settings
from pipeline.store import delivery as store
from pipeline.store.connection import connect
from tests.fixtures.services import Slack, serving
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OPERATOR = {"channel": "slack", "to": {"url": "OPS"}, "operator": True, "alerts": False}


@dataclass
class Post:
    """Watchmen on a real database, whose operator is reached by a service on this machine."""

    world: World
    service: Slack
    conf: Settings

    def __post_init__(self) -> None:
        self.enrol()
        self.world.run(NOON)

    def enrol(self, name: str = "ops", **fields: Any) -> None:
        with closing(connect(self.world.url, "console")) as link:
            store.put_recipients(link, {name: OPERATOR | fields})

    def look(self, at: datetime, watchmen: int = 1) -> None:
        """So many watchmen, in processes just started, look at once."""
        together = threading.Barrier(watchmen)

        def look() -> None:
            together.wait(10)
            Watchman(self.conf, lambda: at).look()

        with ThreadPoolExecutor(watchmen) as pool:
            for done in [pool.submit(look) for _ in range(watchmen)]:
                done.result()

    def told(self) -> list[str]:
        """What the operator read, line by line."""
        return [self.service.show(request).text for request in self.service.requests]


@pytest.fixture
def post(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    with serving(Slack(NOON)) as service:
        assert isinstance(service, Slack)
        monkeypatch.setenv("TOCSIN_SECRET_OPS", service.url)
        conf = replace(
            settings.load({}),
            outside_database=world.url,
            notify_allow_origins=frozenset({service.origin}),
        )
        yield Post(world, service, conf)


def test_the_operator_hears_once_that_nobody_looks_and_once_that_it_is_over(post: Post) -> None:
    for minutes in (1, 3):
        post.look(NOON + minutes * MINUTE)
    assert post.told() == []
    for minutes in (4, 5, 60):
        post.look(NOON + minutes * MINUTE)
    (told,) = post.told()
    assert "Tocsin: alerts not checked for " in told
    assert "Alerts have not been checked since 12:00 UTC." in told
    post.world.run(NOON + 61 * MINUTE)
    for minutes in (61, 62, 63):
        post.look(NOON + minutes * MINUTE)
    _, over = post.told()
    assert "alerts are checked again" in over
    assert "from 12:00 UTC to 13:01 UTC (1 h)" in over
    post.look(NOON + 70 * MINUTE)
    assert len(post.told()) == 3  # another outage is told anew


def test_watchmen_who_notice_at_once_tell_it_once(post: Post) -> None:
    post.look(NOON + 5 * MINUTE, watchmen=4)
    assert len(post.told()) == 1
    post.world.run(NOON + 6 * MINUTE)
    post.look(NOON + 6 * MINUTE, watchmen=4)
    assert len(post.told()) == 2
    (outage,) = post.world.ask("SELECT * FROM outage")
    assert outage == {"since": NOON, "until": NOON + 6 * MINUTE}


def test_what_the_channel_did_not_take_is_told_again_and_no_courier_is_needed(post: Post) -> None:
    post.service.mood = "broken"
    post.look(NOON + 5 * MINUTE)
    post.service.mood = "well"
    with closing(connect(post.world.url, "alerts")) as link, store.office(link) as held:
        # The DAG's courier stands still with the office in its hands.
        assert held
        post.look(NOON + 20 * MINUTE)
    assert [request.path for request in post.service.requests] == [
        post.service.requests[0].path
    ] * 2
    (row,) = post.world.ask("SELECT state, attempts FROM delivery")
    assert row == {"state": "sent", "attempts": 2}


def test_who_could_not_be_told_of_the_outage_is_not_told_that_it_is_over(post: Post) -> None:
    post.service.mood = "broken"
    post.look(NOON + 5 * MINUTE)
    post.service.mood = "well"
    post.world.run(NOON + 6 * MINUTE)
    post.look(NOON + 8 * MINUTE)
    post.look(NOON + 9 * MINUTE)
    rows = post.world.ask("SELECT kind, state FROM delivery")
    assert rows == [{"kind": "unwatched", "state": "dropped"}]


def test_only_operators_are_told_each_in_his_language(post: Post) -> None:
    post.enrol("desk", operator=False)
    post.enrol("yunwei", language="zh", zone="Asia/Shanghai")
    post.look(NOON + 5 * MINUTE)
    assert sorted(text[:9] for text in post.told()) == ["*Tocsin: a"[:9], "*Tocsin：已"[:9]]


def test_an_outage_that_nobody_noticed_is_on_record(post: Post) -> None:
    post.world.run(NOON + 2 * MINUTE)
    post.world.run(NOON + 2 * HOUR)
    post.world.run(NOON + 2 * HOUR + MINUTE)
    (outage,) = post.world.ask("SELECT * FROM outage")
    assert outage == {"since": NOON + 2 * MINUTE, "until": NOON + 2 * HOUR}
    post.look(NOON + 2 * HOUR + MINUTE)
    assert post.told() == []


def test_a_run_that_is_late_itself_ends_no_outage(post: Post) -> None:
    post.look(NOON + 10 * MINUTE)
    with post.world.connected() as link:
        run(link, NOON + MINUTE, now=NOON + 10 * MINUTE)
    post.look(NOON + 11 * MINUTE)
    assert len(post.told()) == 1
    (outage,) = post.world.ask("SELECT * FROM outage")
    assert outage["until"] is None


def test_it_goes_on_looking_when_the_database_was_away(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watchman, "_EVERY_S", 0.05)
    away = ["postgresql://postgres@127.0.0.1:9/none"] * 3

    class Conf:
        def __getattr__(self, name: str) -> Any:
            if name == "database_url" and away:
                return away.pop()
            return getattr(post.conf, name)

    with Watchman(Conf(), lambda: NOON + 5 * MINUTE):  # type: ignore[arg-type]
        until(lambda: len(post.service.requests) == 1)
    assert caplog.text.count("Nobody watches the alerts run from here") == 1


def until(done: Callable[[], bool]) -> None:
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < 20
        time.sleep(0.05)
