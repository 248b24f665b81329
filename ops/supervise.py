"""Runs parts together: starts in order, restarts what crashes, stops all, leaves no process."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self, TextIO

from ops.part import Part, PartError
from ops.process import end, marked, memory
from ops.state import Row, State, save, take_lock

# Seconds between a crash and the next start: doubled at every further crash.
FIRST_BACKOFF: Final = 0.5
LONGEST_BACKOFF: Final = 30.0
# A part that was up this long starts counting its crashes anew.
STEADY_AFTER: Final = 60.0
# A part that was never up is given up after this many crashes (3.5 s of back-off): a PostgreSQL
# killed a moment ago refuses for up to 3 s because "another postmaster" may run.
CRASHES_AT_START: Final = 4
TICK: Final = 0.1


class _Watched:
    def __init__(self, part: Part, now: float) -> None:
        self.part = part
        self.state = State.WAITING
        self.since = now
        self.crashes = 0
        self.restarts = 0
        self.was_up = False
        self.note = ""


class Supervisor:
    """Runs parts from one thread: nothing happens but in `start`, `check` and `stop`.

    Use it as a context: entering takes the lock on `home` (PartError if another process has it)
    and turns SIGINT, SIGTERM and SIGHUP, unless ignored, into KeyboardInterrupt; leaving stops
    every part.
    """

    def __init__(self, home: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._home = home
        self._clock = clock
        self._watched: dict[str, _Watched] = {}
        self._lock: TextIO | None = None
        self._handlers: dict[signal.Signals, object] = {}
        self._changed = False

    def __enter__(self) -> Self:
        self._lock = take_lock(self._home)
        # The table of an earlier run would be taken for this one's.
        save(self._home, [])
        # What a supervisor that was killed left behind, if anything.
        end(marked(f"{self._home}:"))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # A signal that nohup has switched off stays so.
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._handlers[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C must not leave half of the parts behind.
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        if self._lock is not None:
            self._lock.close()

    def add(self, part: Part) -> None:
        """Add a part; what it needs must have been added before."""
        unknown = [name for name in part.needs if name not in self._watched]
        if unknown or part.name in self._watched:
            raise ValueError(f"{part.name}: added twice, or before what it needs ({unknown})")
        self._watched[part.name] = _Watched(part, self._clock())

    def start(self, on_tick: Callable[[], None] = lambda: None) -> None:
        """Return when every part is up; `on_tick` is called ten times a second meanwhile.

        Raises PartError with the reason when one cannot come up.
        """
        while not self.all_up:
            on_tick()
            self.check()
            for entry in self._watched.values():
                if entry.state is State.FAILED:
                    raise PartError(f"{entry.part.name} did not come up: {entry.note}")
            time.sleep(TICK)

    def check(self) -> None:
        """Look at every part once: start what may start, restart what crashed. Call it often."""
        for entry in self._watched.values():
            try:
                self._advance(entry)
            except PartError as error:
                self._crashed(entry, str(error), hopeless=not entry.was_up)
        self._publish()

    def stop(self) -> None:
        """Stop all parts, the last added first."""
        for entry in reversed(self._watched.values()):
            entry.part.stop()
            self._enter(entry, State.STOPPED)
        self._publish()

    @property
    def all_up(self) -> bool:
        """Whether every part is up."""
        return all(entry.state is State.UP for entry in self._watched.values())

    def table(self) -> list[Row]:
        """Where every part stands, in the order they were added."""
        now = self._clock()
        return [
            Row(name, entry.state, now - entry.since, entry.restarts, entry.note)
            for name, entry in self._watched.items()
        ]

    def pids(self) -> dict[str, tuple[int, ...]]:
        """The processes of every part. Costs a look at every process of the machine for each."""
        return {name: entry.part.pids for name, entry in self._watched.items()}

    def memory(self) -> int:
        """Bytes that all processes of the parts hold. Costs a look at every one of their pages."""
        return memory(marked(f"{self._home}:"))

    def _advance(self, entry: _Watched) -> None:
        age = self._clock() - entry.since
        match entry.state:
            case State.WAITING:
                if all(self._watched[name].state is State.UP for name in entry.part.needs):
                    self._begin(entry)
            case State.STARTING:
                self._await(entry, age)
            case State.UP:
                if not entry.part.alive and not entry.part.ready():
                    entry.crashes = 0 if age > STEADY_AFTER else entry.crashes
                    self._crashed(entry, entry.part.last_words())
            case State.CRASHED:
                if age >= backoff(entry.crashes):
                    entry.restarts += 1
                    self._begin(entry)

    def _await(self, entry: _Watched, age: float) -> None:
        # Asked in this order: a part may end between the two, but not after it was seen alive.
        alive = entry.part.alive
        if entry.part.ready():
            self._enter(entry, State.UP)
            entry.was_up = True
            entry.note = ""
        elif not alive:
            self._crashed(entry, entry.part.last_words())
        elif age > entry.part.start_timeout:
            entry.part.stop()
            self._crashed(entry, f"no answer within {entry.part.start_timeout:.0f} s")

    def _begin(self, entry: _Watched) -> None:
        self._enter(entry, State.STARTING)
        entry.part.start()

    def _crashed(self, entry: _Watched, note: str, hopeless: bool = False) -> None:
        entry.crashes += 1
        entry.note = note or "it ended without a word"
        given_up = hopeless or (not entry.was_up and entry.crashes >= CRASHES_AT_START)
        self._enter(entry, State.FAILED if given_up else State.CRASHED)

    def _enter(self, entry: _Watched, state: State) -> None:
        entry.state = state
        entry.since = self._clock()
        self._changed = True

    def _publish(self) -> None:
        if self._changed and self._lock is not None:
            save(self._home, self.table())
        self._changed = False


def backoff(crashes: int) -> float:
    """Seconds to wait after so many crashes in a row (1 or more)."""
    # The exponent is capped too: a part may crash for days.
    return min(FIRST_BACKOFF * float(2 ** min(crashes - 1, 10)), LONGEST_BACKOFF)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
