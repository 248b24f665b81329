"""`tocsin up` and `tocsin down`, as a person types them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ops.machine import tocsin_program
from ops.probe import free_port, http_status
from ops.process import marked
from ops.state import State, holder
from ops.state import load as load_table
from pipeline.settings import child_environment, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PORTS = tuple(
    f"TOCSIN_{part}_PORT" for part in ("KAFKA", "POSTGRES", "AIRFLOW", "CONSOLE", "METRICS")
)


@pytest.fixture(scope="module")
def told(open_home: Path) -> dict[str, str]:
    """Settings of a machine that shares nothing with one that may run here but the cache."""
    settings = {"TOCSIN_HOME": str(open_home), "TOCSIN_CACHE": str(load().cache)}
    return settings | {"TOCSIN_DEVICE": "stub"} | {name: str(free_port()) for name in PORTS}


@pytest.fixture(scope="module")
def machine(told: dict[str, str], open_home: Path) -> Iterator[Path]:
    started = _tocsin(told, "up", "-d")
    assert started.returncode == 0, started.stderr
    yield open_home
    _tocsin(told, "down")


def _tocsin(told: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (tocsin_program(), *words),
        capture_output=True,
        text=True,
        env=child_environment(told),
        check=False,
    )


def test_a_taken_port_is_said_before_anything_starts(told: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = _tocsin(told | {"TOCSIN_CONSOLE_PORT": port}, "up")
    assert refused.returncode == 1
    assert "set TOCSIN_CONSOLE_PORT to a free port" in refused.stderr
    assert marked(told["TOCSIN_HOME"]) == []


def test_every_part_is_up_when_the_command_returns(machine: Path, told: dict[str, str]) -> None:
    assert {row.state for row in load_table(machine)} == {State.UP}
    assert http_status(int(told["TOCSIN_CONSOLE_PORT"]), "/") is not None
    assert http_status(int(told["TOCSIN_METRICS_PORT"]), "/healthz") == 200
    assert _tocsin(told, "doctor").returncode == 0


def test_no_part_listens_beyond_loopback(machine: Path) -> None:
    addresses = {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in marked(f"{machine}:")
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_a_second_one_is_refused(machine: Path, told: dict[str, str]) -> None:
    refused = _tocsin(told, "up")
    assert refused.returncode == 1
    assert "already runs" in refused.stderr


def test_a_killed_supervisor_takes_its_parts_with_it_and_down_clears_the_rest(
    machine: Path, told: dict[str, str]
) -> None:
    pid = holder(machine)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while holder(machine) is not None:
        time.sleep(0.1)
    _tocsin(told, "down")
    assert marked(f"{machine}:") == []
    assert _tocsin(told, "down").stdout.startswith("Nothing runs")
