"""Child processes, on the shell's own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ops.command import Command, OneShot
from ops.process import Launch, Process, marked


def _launch(script: str, **more: object) -> Launch:
    return Launch("child", ("/bin/sh", "-c", script), **more)  # type: ignore[arg-type]


def _soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_stopping_leaves_no_descendant_not_even_one_in_a_session_of_its_own(
    tmp_path: Path,
) -> None:
    process = Process(_launch("setsid sleep 98 & sleep 99 & wait"), tmp_path)
    process.start()
    assert _soon(lambda: len(process.pids) == 3)
    family = process.pids
    process.stop()
    assert not any(_runs(pid) for pid in family)
    assert process.pids == ()


def test_descendants_of_a_crashed_child_are_ended_too(tmp_path: Path) -> None:
    process = Process(_launch("setsid sleep 97 & sleep 0.2; kill -9 $$"), tmp_path)
    process.start()
    assert _soon(lambda: not process.alive)
    assert [found.name() for found in marked(str(tmp_path))] == ["sleep"]
    process.stop()
    assert marked(str(tmp_path)) == []


def test_a_child_that_will_not_go_is_killed(tmp_path: Path) -> None:
    process = Process(
        _launch("trap '' TERM; echo deaf; sleep 96 & wait; wait", patience=0.2), tmp_path
    )
    process.start()
    assert _soon(lambda: process.last_words() == "deaf")
    process.stop()
    assert not process.alive


def test_children_go_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from ops.process import Launch, Process;"
        "Process(Launch('child', ('sleep', '95')), Path(sys.argv[1])).start(); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    assert _soon(lambda: len(marked(str(tmp_path))) == 1)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert _soon(lambda: marked(str(tmp_path)) == [])


def test_its_output_is_in_its_log_and_the_last_line_is_its_last_words(tmp_path: Path) -> None:
    process = Process(_launch("echo first; echo; echo 'last 最后' >&2; echo"), tmp_path)
    process.start()
    assert _soon(lambda: not process.alive)
    assert process.last_words() == "last 最后"
    assert process.log.read_text(encoding="utf-8").startswith("first\n")


def test_a_program_that_is_not_there_is_its_last_words(tmp_path: Path) -> None:
    process = Process(Launch("child", ("/no/such/program",)), tmp_path)
    process.start()
    assert _soon(lambda: not process.alive)
    assert "/no/such/program" in process.last_words()


def test_a_command_is_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    answers = [False, True]
    command = Command(_launch("sleep 94"), tmp_path, probe=lambda: answers.pop(0))
    command.start()
    assert [command.ready(), command.ready()] == [False, True]
    command.stop()
    assert not command.ready()


@pytest.mark.parametrize(("script", "ready"), [("exit 0", True), ("exit 3", False)])
def test_a_one_shot_is_ready_once_it_ended_well(tmp_path: Path, script: str, ready: bool) -> None:
    command = OneShot(_launch(script), tmp_path)
    command.start()
    assert _soon(lambda: not command.alive)
    assert command.ready() is ready
