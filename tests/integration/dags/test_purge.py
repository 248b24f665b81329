"""The purge DAG, run for real: old runs and logs go, what is young and each latest run stays."""

import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.purge import KEPT, PurgeError, clean_tables

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


def rows(path: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path, timeout=20)) as link, link:
        return link.execute(statement, values).fetchall()


def purge(airflow: dict[str, Any]) -> str:
    """One run, which does not wait to try again; how it ended."""
    for task in airflow["purge"].tasks:
        task.retries = 0
    run = airflow["purge"].test(run_after=datetime.now(UTC), logical_date=None)
    return str(run.get_task_instances()[0].state if run.state == "success" else run.state)


def test_runs_and_logs_of_more_than_two_weeks_ago_go(
    airflow: dict[str, Any], airflow_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, metadata = datetime.now(UTC), airflow_home / "airflow.db"
    runs = {
        airflow["purge"].test(run_after=now - age, logical_date=now - age).run_id: now - age
        for age in (0 * DAY, KEPT - DAY, KEPT + DAY, 3 * KEPT)
    }
    for run_id, at in runs.items():
        started = at.strftime("%Y-%m-%d %H:%M:%S.000000")
        rows(metadata, "UPDATE dag_run SET start_date = ? WHERE run_id = ?", started, run_id)
    logs = airflow_home / "logs" / "dag_id=alerts"
    for name, age in (("old", KEPT + DAY), ("young", KEPT - DAY)):
        (logs / name).mkdir(parents=True)
        (logs / name / "attempt=1.log").write_text("said", encoding="utf-8")
        then = time.time() - age.total_seconds()
        os.utime(logs / name / "attempt=1.log", (then, then))
        os.utime(logs / name, (then, then))
    count = "SELECT count(*) FROM dag_run WHERE dag_id = 'purge' AND start_date < ?"
    limit = (now - KEPT).strftime("%Y-%m-%d %H:%M:%S.000000")
    assert rows(metadata, count, limit) == [(2,)]
    monkeypatch.setenv("AIRFLOW__TOCSIN__METADATA_URL", f"sqlite:///{metadata}")
    for _ in range(2):
        assert purge(airflow) == "success"
    assert rows(metadata, count, limit) == [(0,)]
    assert rows(metadata, "SELECT count(*) >= 2 FROM dag_run WHERE dag_id = 'purge'") == [(1,)]
    assert not (logs / "old" / "attempt=1.log").exists()
    assert (logs / "young" / "attempt=1.log").exists()
    names = rows(metadata, "SELECT name FROM sqlite_master WHERE name LIKE '_airflow_deleted%'")
    assert names == []


def test_where_no_address_is_told_it_is_skipped(airflow: dict[str, Any]) -> None:
    assert purge(airflow) == "skipped"


def test_an_airflow_that_cannot_clean_is_a_failure_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(PurgeError, match="unable to open database file"):
        clean_tables(f"sqlite:////{tmp_path}/none/airflow.db", datetime.now(UTC))
