"""What the supervisor runs: a part, whatever it is made of."""

from collections.abc import Callable
from typing import Protocol

from pipeline.errors import OperatorError


class PartError(OperatorError):
    """A part cannot run; the message is one sentence that says what to do about it."""


class Part(Protocol):
    """Something that is started, becomes ready, and is stopped.

    After `start`, a part that is neither `alive` nor `ready` has crashed; it may be started again.
    """

    @property
    def name(self) -> str:
        """Unique among the parts of one machine; names its log and its row in the live table."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the parts that must be ready before this one starts."""

    @property
    def start_timeout(self) -> float:
        """Seconds from start to ready after which it is stopped and tried again."""

    @property
    def alive(self) -> bool:
        """Whether its main process runs. Cheap."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes it consists of now. Costs a look at every process of the machine."""

    def start(self) -> None:
        """Begin; returns without waiting until it is ready. Raises PartError when it never will."""

    def ready(self) -> bool:
        """Whether it does its work now. Answers within two seconds; raises PartError as `start`."""

    def stop(self) -> None:
        """Return when no process of it is left. Harmless when it does not run."""

    def last_words(self) -> str:
        """What it said last, for a sentence about why it is not up; may be empty."""


class Step:
    """A part that is a piece of work in this process: up once it has been done."""

    start_timeout = 0.0
    alive = False
    pids: tuple[int, ...] = ()

    def __init__(self, name: str, work: Callable[[], object], needs: tuple[str, ...] = ()) -> None:
        self.name = name
        self.needs = needs
        self._work = work
        self._done = False
        self._said = ""

    def start(self) -> None:
        """Do the work; what it raises is kept as last words and counts as a crash."""
        self._done = False
        try:
            self._work()
        except PartError:
            raise
        except Exception as error:  # any failure of the work is a crash of the part
            self._said = f"{type(error).__name__}: {error}"[:300]
        else:
            self._done = True

    def ready(self) -> bool:
        return self._done

    def stop(self) -> None:
        self._done = False

    def last_words(self) -> str:
        return self._said
