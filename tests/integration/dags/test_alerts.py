"""The alerts DAG, run for real: as of its run_after, as often as it likes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.store.connection import connect
from pipeline.store.delivery import put_recipients
from tests.fixtures.services import Slack, serving
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def world(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", database_url)
    found = World(database_url)
    yield found
    found.close()


def test_it_raises_what_surges_as_of_its_run_after_and_only_once(
    airflow: dict[str, Any], world: World
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    world.add(world.burst(9, now - timedelta(minutes=1)))
    for minute in range(2):
        run = airflow["alerts"].test(run_after=now + timedelta(minutes=minute), logical_date=None)
        assert run.state == "success"
        (beat,) = world.ask("SELECT as_of FROM heartbeat WHERE part = 'alerts'")
        assert beat["as_of"] == now + timedelta(minutes=minute)
    assert world.events() == ["opened"]


def test_what_it_raises_is_told_and_a_digest_is_sent(
    airflow: dict[str, Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    world.clear()
    with serving(Slack(now)) as service:
        monkeypatch.setenv("TOCSIN_SECRET_DESK", service.url)
        monkeypatch.setenv("TOCSIN_NOTIFY_ALLOW_ORIGINS", service.origin)
        link = connect(world.url, "console")
        quarter = now - (now - datetime(2026, 1, 1, tzinfo=UTC)) % timedelta(minutes=15)
        body = {"channel": "slack", "to": {"url": "DESK"}, "digest": f"{quarter:%H:%M}"}
        put_recipients(link, {"desk": body})
        link.close()
        world.ask("UPDATE recipient SET changed_at = %s RETURNING 1", now - timedelta(days=1))
        world.add(world.burst(9, now - timedelta(minutes=1)))
        for _ in range(2):
            for dag in ("alerts", "deliver", "digest", "deliver"):
                assert airflow[dag].test(run_after=now, logical_date=None).state == "success"
        titles = [request.json["text"] for request in service.requests]
    assert len(titles) == 2
    assert "negative stories" in titles[0]
    assert "Daily digest" in titles[1]


def test_it_fails_loudly_where_the_database_is_away(
    airflow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "postgresql://postgres@127.0.0.1:9/tocsin")
    assert airflow["alerts"].test().state == "failed"
