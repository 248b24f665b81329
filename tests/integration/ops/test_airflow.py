"""The embedded Airflow runs a DAG, is seen by nobody outside, and goes without a trace."""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ops import airflow
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from ops.process import marked
from ops.supervise import Supervisor
from pipeline.settings import Settings, load

pytestmark = pytest.mark.slow

DAG = """
from airflow.sdk import dag, task

@dag(schedule=None)
def asked():
    @task
    def home():
        from pipeline.settings import load
        return str(load().home)
    home()

asked()
"""


@pytest.fixture(scope="module")
def settings(open_home: Path) -> Settings:
    port = free_port()
    told = {"TOCSIN_HOME": str(open_home), "TOCSIN_ISSUERS": str(open_home)}
    return replace(
        load(told),
        postgres_port=free_port(),
        airflow_port=port,
        airflow_url=f"http://127.0.0.1:{port}",
    )


@pytest.fixture(scope="module")
def machine(settings: Settings) -> Iterator[Supervisor]:
    dags = settings.home / "dags"
    dags.mkdir()
    (dags / "asked.py").write_text(DAG)
    with Supervisor(settings.home) as supervisor:
        binaries = programs(load().cache)
        supervisor.add(Postgres(settings.home, settings.postgres_port, binaries))
        for part in airflow.parts(settings, ("postgres",), dags):
            supervisor.add(part)
        supervisor.start()
        yield supervisor
    assert marked(str(settings.home)) == []


def test_a_task_runs_and_sees_the_settings_of_this_machine(
    machine: Supervisor, settings: Settings
) -> None:
    run = _ask(settings, "dags/asked/dagRuns", {"logical_date": None}, patience=90)
    path = f"dags/asked/dagRuns/{run['dag_run_id']}"
    while (state := _ask(settings, path)["state"]) not in {"success", "failed"}:
        time.sleep(0.5)
    assert state == "success"
    result = _ask(settings, f"{path}/taskInstances/home/xcomEntries/return_value")
    assert result["value"] == str(settings.home)


def test_it_listens_on_loopback_only(machine: Supervisor, settings: Settings) -> None:
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for pids in machine.pids().values()
        for pid in pids
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_a_killed_scheduler_comes_back_and_leaves_no_worker(machine: Supervisor) -> None:
    before = set(machine.pids()["airflow-scheduler"])
    psutil.Process(min(before)).kill()
    while min(before) in machine.pids()["airflow-scheduler"]:
        time.sleep(0.05)
    machine.check()
    machine.start()
    assert set(machine.pids()["airflow-scheduler"]).isdisjoint(before)
    assert not any(psutil.pid_exists(pid) and _runs(pid) for pid in before)


def _runs(pid: int) -> bool:
    return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _ask(
    settings: Settings, path: str, body: dict[str, object] | None = None, patience: float = 0
) -> Any:
    """The API's answer; asked again for `patience` seconds while it knows no such thing."""
    request = urllib.request.Request(
        f"{settings.airflow_url}/api/v2/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 404 or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
