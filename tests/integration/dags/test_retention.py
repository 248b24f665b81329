"""The retention DAG, run for real: what has come to its end by its run_after is gone, and once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow


def test_it_erases_what_has_come_to_its_end_and_can_be_run_again(
    airflow: dict[str, Any], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", database_url)
    world = World(database_url)
    now = datetime.now(UTC).replace(microsecond=0)
    world.add(world.burst(3, now))
    world.ask(
        "UPDATE revision SET body = 'A body.', body_expires_at = %s"
        " + (row_number - 2) * interval '1 day'"
        " FROM (SELECT article_id, row_number() OVER (ORDER BY article_id) FROM revision) AS told"
        " WHERE told.article_id = revision.article_id RETURNING 1",
        now,
    )
    for _ in range(2):
        assert retention(airflow, now).state == "success"
        left = world.ask("SELECT body_expires_at FROM revision WHERE body IS NOT NULL")
        assert [row["body_expires_at"] for row in left] == [now + timedelta(days=1)]
    world.close()


def test_it_fails_loudly_where_the_database_is_away(
    airflow: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "postgresql://postgres@127.0.0.1:9/tocsin")
    assert retention(airflow, datetime.now(UTC)).state == "failed"


def retention(airflow: dict[str, Any], at: datetime) -> Any:
    """One run, which does not wait to try again."""
    for task in airflow["retention"].tasks:
        task.retries = 0
    return airflow["retention"].test(run_after=at, logical_date=None)
