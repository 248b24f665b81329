"""Child processes that cannot be left behind: own session, own log, a leash to their parent."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ops.part import PartError
from pipeline.settings import child_environment

# Set in every child, so that a process that left its parent and its session is still found.
MARK = "TOCSIN_PART"
LOG_LIMIT = 20 * 2**20


@dataclass(frozen=True)
class Launch:
    """How a child process is started and asked to go."""

    name: str
    argv: tuple[str, ...]
    # Added to the inherited environment.
    env: Mapping[str, str] = field(default_factory=dict)
    # Run as this user; only root may.
    user: str | None = None
    farewell: signal.Signals = signal.SIGTERM
    # Seconds it gets to go before it is killed.
    patience: float = 10.0


class Process:
    """One child process and its descendants, with log and pid file under `home`.

    It dies when the thread that started it ends, so start it from one that outlives it.
    """

    def __init__(self, launch: Launch, home: Path) -> None:
        self.launch = launch
        self.log = home / "logs" / f"{launch.name}.log"
        self._pid_file = home / "run" / f"{launch.name}.pid"
        self._mark = f"{home}:{launch.name};"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether the child itself runs."""
        return self._child is not None and self._child.poll() is None

    @property
    def pids(self) -> tuple[int, ...]:
        """The child and its descendants; empty once the child itself has ended."""
        if self._child is None or not self.alive:
            return ()
        return tuple(found.pid for found in _with_descendants(self._child.pid))

    @property
    def exit_code(self) -> int | None:
        """How the last run ended; None while it runs or before it ran."""
        return None if self._child is None else self._child.poll()

    def start(self) -> None:
        """Start the child; what an earlier run left behind is ended first."""
        self.stop()
        for folder in (self.log.parent, self._pid_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        if self.log.is_file() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        # SPT_NOENV: a process that renames itself would otherwise wipe the mark.
        env = child_environment({**self.launch.env, MARK: self._mark, "SPT_NOENV": "1"})
        account = pwd.getpwnam(self.launch.user) if self.launch.user else None
        with self.log.open("ab") as log:
            try:
                self._child = subprocess.Popen(
                    leashed(self.launch.argv, self.launch.farewell),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=env,
                    cwd="/",
                    start_new_session=True,
                    user=account.pw_uid if account else None,
                    group=account.pw_gid if account else None,
                    extra_groups=[] if account else None,
                )
            except OSError as error:
                raise PartError(f"{self.launch.name} cannot be started: {error}.") from error
        self._pid_file.write_text(str(self._child.pid), encoding="ascii")

    def stop(self) -> None:
        """Ask the child to go, kill what does not, and return when nothing of it is left."""
        left = {found.pid: found for found in marked(self._mark)}
        if self._child is not None and self.alive:
            left |= {found.pid: found for found in _with_descendants(self._child.pid)}
            self._child.send_signal(self.launch.farewell)
            try:
                self._child.wait(self.launch.patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        left |= {found.pid: found for found in marked(self._mark)}
        end(left.values())
        self._pid_file.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The last line of its log, for a sentence about why it is not up."""
        return last_line(self.log)


def leashed(argv: tuple[str, ...], farewell: signal.Signals) -> tuple[str, ...]:
    """`argv` so that the kernel sends it `farewell` when its parent dies, where it can (Linux)."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return argv
    return (setpriv, "--pdeathsig", farewell.name.removeprefix("SIG"), "--", *argv)


def last_line(log: Path) -> str:
    """The last line of a log that is not blank, 300 characters at most; empty without a log."""
    if not log.is_file():
        return ""
    with log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - 4096))
        tail = handle.read().decode("utf-8", "replace")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def marked(mark: str) -> list[psutil.Process]:
    """Running processes, other than this one, whose mark starts with this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK, "").startswith(mark):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def memory(processes: Iterable[psutil.Process]) -> int:
    """Bytes these processes hold together; a page that several share counts once (PSS)."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total


def end(processes: Iterable[psutil.Process]) -> None:
    """End these processes: two seconds after a TERM, a KILL."""
    alive = [process for process in processes if _runs(process)]
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                send(process)
        deadline = time.monotonic() + 2
        while alive and time.monotonic() < deadline:
            time.sleep(0.02)
            alive = [process for process in alive if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    # A zombie has ended; where process 1 reaps nothing it stays in the list for ever.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def resident_bytes(pids: Iterable[int]) -> int:
    """Resident memory of these processes, shared pages counted once (PSS) where the kernel says."""
    total = 0
    for pid in pids:
        try:
            total += psutil.Process(pid).memory_full_info().pss
        except (psutil.Error, AttributeError):
            continue
    return total


def _with_descendants(pid: int) -> list[psutil.Process]:
    try:
        main = psutil.Process(pid)
        return [main, *main.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
