"""How the parts look at a terminal: one live table, or a line per change where there is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ops.state import Row, State

COLOURS: Final = {
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.UP: "green",
    State.CRASHED: "red",
    State.FAILED: "red bold",
    State.STOPPED: "dim",
}


def parts_table(rows: list[Row]) -> Table:
    """The parts as a table: name, state, how long it has been so, starts after crashes, why."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "since", "restarts", ""):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row.name,
            Text(row.state, style=COLOURS[row.state]),
            duration(row.seconds),
            str(row.restarts) if row.restarts else "",
            # Text, because a log line may hold what rich reads as markup.
            Text(row.note, style="dim", overflow="ellipsis", no_wrap=True),
        )
    return table


@contextmanager
def showing(console: Console) -> Iterator[Callable[[list[Row]], None]]:
    """What to call with the rows again and again."""
    if not console.is_terminal:
        yield _Lines(console).show
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda rows: live.update(parts_table(rows), refresh=True)


def duration(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 7 min, 3 h, 2 d."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, State] = {}

    def show(self, rows: list[Row]) -> None:
        for row in rows:
            if self._seen.get(row.name) != row.state:
                self._seen[row.name] = row.state
                told = f"{row.name}: {row.state}" + (f" ({row.note})" if row.note else "")
                self._console.print(Text(told), soft_wrap=True)
