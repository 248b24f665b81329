"""`tocsin backtest`: what a rule would have raised in the past, and who would have been told."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.cli.errors import CommandError
from pipeline.cli.lines import written
from pipeline.cli.rules import read
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.alerts.backtest.report import AlertLine, DayLine, Summary
    from pipeline.alerts.rules import SurgeRule
    from pipeline.store.connection import Connection
    from pipeline.wording.clock import Clock

_TIMES: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]
_SEVERITIES: Final = ("critical", "high", "low", "info")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    since: Annotated[
        datetime,
        typer.Option("--from", formats=_TIMES, help="Such as 2026-11-01T00:00+08:00."),
    ],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_TIMES, help="Now by default.")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", help="A rule to compare with that in force: a TOML file."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, no table.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON lines to write too, one an alert.")
    ] = None,
) -> None:
    """Say what would have fired, for whom, day by day; nothing is raised and nobody is told.

    Judges every five-minute bucket of the stored history as of its end, as an alerts run would have
    done had each story arrived when it occurred and had nobody touched an alert.
    """
    from pipeline.alerts.backtest import report
    from pipeline.alerts.backtest.trial import attempt
    from pipeline.settings import load
    from pipeline.store.connection import connect

    settings, now = load(), datetime.now(UTC)
    until = until or now
    if not since < until <= now:
        raise CommandError("--from must lie before --to, and --to not in the future.", exit_code=2)
    other = read(rules).rule if rules else None
    with closing(connect(settings.database_url, "console")) as link, _progress() as advance:
        tried = [_in_force(link), *([other] if other else [])]
        trials = attempt(link, tried, since, until, advance)
    found = report.summary(trials, settings.zone)
    if out:
        written(out, found.alerts)
    if json:
        import msgspec

        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    else:
        _print(found, now)


def _in_force(link: "Connection") -> "SurgeRule":
    from pipeline.alerts import rulebook, rules
    from pipeline.alerts.record import RULE_ID
    from pipeline.store import alerts
    from pipeline.store.connection import transaction

    with transaction(link) as cursor:
        found = alerts.current_rule(cursor, RULE_ID)
    return rulebook.rule_of(found["body"] if found else rules.shipped()[RULE_ID])


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("subjects"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("subjects", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print(found: "Summary", now: datetime) -> None:
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

    clock = Clock(ZoneInfo(found.zone), Words("en"), now)
    console = Console()
    print(f"From {clock.dated(found.since)} to {clock.dated(found.until)}\n")
    console.print(_days(found))
    if not found.alerts:
        print("\nNothing would have fired.")
        return
    print()
    console.print(_alerts(found, clock))
    if found.in_force:
        changes = Counter(line.change for line in found.alerts)
        print("\nBeside the rule in force: " + ", ".join(f"{n} {c}" for c, n in changes.items()))


def _days(found: "Summary") -> Any:
    from rich.table import Table
    from rich.text import Text

    headings = [f"day ({found.zone})", "alerts", *_SEVERITIES, "messages"]
    table = Table(*headings, *(["in force", "its messages"] if found.in_force else []), box=None)
    before = {line.day: line for line in found.in_force or ()}
    for line in found.days:
        cells = [str(line.day), str(line.alerts)]
        cells += [str(line.severities.get(name, 0)) for name in _SEVERITIES]
        cells += [_counts(line.messages)]
        if found.in_force:
            cells += _before(before.get(line.day))
        table.add_row(*map(Text, cells))
    return table


def _before(line: "DayLine | None") -> list[str]:
    return [str(line.alerts), _counts(line.messages)] if line else ["0", "none"]


def _counts(messages: Mapping[str, int]) -> str:
    told = ", ".join(f"{plain(name)} {n}" for name, n in sorted(messages.items()))
    return told or "none"


def _alerts(found: "Summary", clock: "Clock") -> Any:
    from rich.table import Table
    from rich.text import Text

    headings = ["found", "severity", "subject", "since", "stories", "usual", "in", "told"]
    table = Table(*headings, *(["change"] if found.in_force else []), box=None)
    for line in found.alerts:
        low, high = line.usual
        cells = [
            clock.bare(line.found_at),
            line.severity,
            plain(line.name) + (" (short history)" if line.cold_start else ""),
            clock.bare(line.onset),
            str(line.observed),
            f"{low}–{high}",
            clock.window(line.window_minutes),
            ", ".join(map(plain, line.told)) or "nobody",
        ]
        table.add_row(*map(Text, [*cells, *([_change(line, clock)] if found.in_force else [])]))
    return table


def _change(line: "AlertLine", clock: "Clock") -> str:
    if line.found_before and line.change in {"earlier", "later"}:
        return f"{line.change}, was {clock.bare(line.found_before)}"
    return str(line.change)
