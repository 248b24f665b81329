"""What other processes may know of a running supervisor: who holds the home, how its parts are."""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from ops.part import PartError


class State(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"
    STARTING = "starting"
    UP = "up"
    CRASHED = "crashed"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Row:
    """One part in the live table."""

    name: str
    state: State
    # Seconds it has been in this state.
    seconds: float
    # Starts after a crash, since the supervisor began.
    restarts: int
    # Why it is not up; empty when it is.
    note: str


def save(home: Path, rows: list[Row]) -> None:
    """Write the table where `load` finds it; a reader sees the old one or the new one."""
    path = _table_file(home)
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
    scratch.replace(path)


def load(home: Path) -> list[Row]:
    """The table as last saved, its seconds brought up to now; empty when there is none.

    It may be old: only while `holder` names a process does it say how things are.
    """
    path = _table_file(home)
    try:
        age = time.time() - path.stat().st_mtime
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [
        Row(
            name=row["name"],
            state=State(row["state"]),
            seconds=row["seconds"] + age,
            restarts=row["restarts"],
            note=row["note"],
        )
        for row in rows
    ]


def take_lock(home: Path) -> TextIO:
    """Hold `home` for this process until the file is closed. Raises PartError if it is held."""
    path = _lock_file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise _held(home) from error
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def refuse_if_held(home: Path) -> None:
    """Raises PartError if a process holds `home` now."""
    if holder(home) is not None:
        raise _held(home)


def holder(home: Path) -> int | None:
    """The process that holds `home`, or None."""
    try:
        with _lock_file(home).open("r", encoding="ascii") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(handle.read() or 0)
    except FileNotFoundError:
        pass
    return None


def _lock_file(home: Path) -> Path:
    return home / "run" / "lock"


def _table_file(home: Path) -> Path:
    return home / "run" / "parts.json"


def _held(home: Path) -> PartError:
    return PartError(
        f"Tocsin already runs on {home} (process {holder(home)}): "
        "stop it with `tocsin down`, or set TOCSIN_HOME to another folder."
    )
