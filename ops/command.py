"""A part that is one command."""

from collections.abc import Callable
from pathlib import Path

from ops.process import Launch, Process


class Command:
    """A command that keeps running; ready when it runs and `probe` says so."""

    def __init__(
        self,
        launch: Launch,
        home: Path,
        needs: tuple[str, ...] = (),
        probe: Callable[[], bool] | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        self.name = launch.name
        self.needs = needs
        self.start_timeout = start_timeout
        self._process = Process(launch, home)
        self._probe = probe

    @property
    def alive(self) -> bool:
        return self._process.alive

    @property
    def pids(self) -> tuple[int, ...]:
        return self._process.pids

    def start(self) -> None:
        self._process.start()

    def ready(self) -> bool:
        return self._process.alive and (self._probe is None or self._probe())

    def stop(self) -> None:
        self._process.stop()

    def last_words(self) -> str:
        return self._process.last_words()


class OneShot(Command):
    """A command that ends: ready once it has ended with exit status 0."""

    def ready(self) -> bool:
        return self._process.exit_code == 0
