"""Running the machine: in the foreground until told to stop, in the background, and stopping it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ops.machine import parts, tocsin_program
from ops.part import PartError
from ops.process import end, last_line, marked
from ops.state import Row, State, holder, load
from ops.supervise import Supervisor
from pipeline.settings import Settings, child_environment

LOOK_EVERY: Final = 0.5
STOP_TIMEOUT: Final = 90.0
Show = Callable[[list[Row]], None]


def foreground(settings: Settings, show: Show, up: Callable[[], None]) -> None:
    """Run every part until SIGINT or SIGTERM, which end it with all parts stopped.

    `up` is called once, when every part is up. Raises PartError when one cannot come up.
    """
    with Supervisor(settings.home) as supervisor:
        try:
            for part in parts(settings):
                supervisor.add(part)
            supervisor.start(lambda: show(supervisor.table()))
            show(supervisor.table())
            up()
            while True:
                supervisor.check()
                show(supervisor.table())
                time.sleep(LOOK_EVERY)
        except KeyboardInterrupt:
            return


def background(settings: Settings, show: Show) -> None:
    """Return when a process of its own runs every part. Raises PartError when it cannot.

    An interrupt meanwhile stops it again.
    """
    log = settings.home / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            (tocsin_program(), "up"),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=child_environment(settings.environment()),
            cwd="/",
            start_new_session=True,
        )
    try:
        _wait_until_up(settings.home, child, log, show)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise


def stop(home: Path) -> bool:
    """Stop what runs on this home and return when nothing of it is left.

    False when nothing ran. Raises PartError when it does not go.
    """
    pid = holder(home)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT
    while holder(home) is not None:
        if time.monotonic() > deadline:
            raise PartError(f"Process {pid} does not stop: end it with kill -KILL {pid}.")
        time.sleep(0.1)
    left = marked(f"{home}:")
    end(left)
    return pid is not None or bool(left)


def _wait_until_up(home: Path, child: subprocess.Popen[bytes], log: Path, show: Show) -> None:
    while child.poll() is None:
        if holder(home) == child.pid:
            rows = load(home)
            show(rows)
            if rows and all(row.state is State.UP for row in rows):
                return
        time.sleep(LOOK_EVERY)
    raise PartError(last_line(log).removeprefix("tocsin: "))
