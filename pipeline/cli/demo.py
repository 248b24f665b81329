"""`tocsin demo`: everything on the sample newswire, from its pages to the alerts."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli.errors import CommandError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from demo.watch import Watch
    from ops.part import Part
    from ops.state import Row
    from ops.supervise import Supervisor
    from pipeline.settings import Settings
    from pipeline.store.following import Flow

SHOW_EVERY_S: Final = 0.25
WEIGH_EVERY_S: Final = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End when the expected alerts are raised; 1 if not.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete what earlier demos stored, and end.")
    ] = False,
) -> None:
    """Run every part on the bundled sample newswire and show what flows.

    Crawls five small publishers served on this machine, scores their articles in English and
    Chinese, raises the alerts and shows them on the console. Ctrl-C stops everything; the next
    start goes on with the same data.
    """
    from rich.console import Console

    from ops.part import PartError
    from pipeline.settings import load

    conf = _settings(load())
    console = Console()
    try:
        if forget:
            _forget(conf)
            console.print("The demo's data is deleted.")
        else:
            _run(conf, console, once)
    except PartError as error:
        raise CommandError(str(error)) from error


def _settings(conf: "Settings") -> "Settings":
    """The demo has a home, sources and issuers of its own, and may fetch from its own ports."""
    from demo.newswire.publishers import FIRST_PORT, PUBLISHERS
    from pipeline.settings import ROOT

    newswire = ROOT / "demo" / "newswire"
    return replace(
        conf,
        home=conf.home / "demo",
        outside_kafka=None,
        outside_database=None,
        source_dirs=(newswire / "sources",),
        issuer_files=(newswire / "issuers.csv",),
        crawl_allow_origins=frozenset(
            f"http://127.0.0.1:{FIRST_PORT + number}" for number in range(len(PUBLISHERS))
        ),
    )


def _forget(conf: "Settings") -> None:
    import shutil

    from ops.run import stop

    stop(conf.home)
    shutil.rmtree(conf.home, ignore_errors=True)


def _parts(conf: "Settings") -> "list[Part]":
    from ops import machine
    from ops.command import Command, OneShot
    from ops.process import Launch

    environment = conf.environment()
    wire = (sys.executable, "-m", "demo.newswire", "--home", str(conf.home / "newswire"))
    return [
        *machine.parts(conf),
        Command(Launch("newswire", wire, environment), conf.home, (), _newswire_answers),
        # The crawl DAG goes on from here; its first run would come a minute later.
        OneShot(
            Launch("first crawl", (machine.tocsin_program(), "crawl"), environment),
            conf.home,
            ("topics", "newswire"),
            start_timeout=180.0,
        ),
    ]


def _newswire_answers() -> bool:
    from demo.newswire.publishers import FIRST_PORT
    from ops.probe import http_status

    return http_status(FIRST_PORT, "/robots.txt") is not None


def _check(conf: "Settings") -> None:
    """Say what is missing before anything starts."""
    from demo.newswire.publishers import FIRST_PORT, PUBLISHERS
    from ops.doctor import examine
    from ops.probe import listener_at
    from ops.state import refuse_if_held

    refuse_if_held(conf.home)
    wrong = [finding.sentence for finding in examine(conf) if not finding.ok]
    for port in range(FIRST_PORT, FIRST_PORT + len(PUBLISHERS)):
        if listener_at(port):
            wrong.append(f"Port {port} is taken, the sample newswire needs it: end what listens.")
    if wrong:
        raise CommandError("\n".join(wrong))


def _run(conf: "Settings", console: "Console", once: bool) -> None:
    from demo.watch import Watch
    from ops.supervise import Supervisor

    _check(conf)
    conf.home.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with Supervisor(conf.home) as supervisor, _screen(console, conf) as show:
        try:
            for part in _parts(conf):
                supervisor.add(part)
            watch, scales = Watch(conf), _Scales(supervisor)

            def tick() -> None:
                if once:
                    scales.weigh()
                show(supervisor.table(), watch.look(), begun)

            supervisor.start(tick)
            while not (once and watch.settled(begun)):
                supervisor.check()
                tick()
                time.sleep(SHOW_EVERY_S)
        except KeyboardInterrupt:
            if not once:
                return
            raise CommandError("Interrupted before the expected alerts were raised.") from None
        if once:
            _summary(console, watch, begun, scales.heaviest)


class _Scales:
    """The most memory the parts held at once."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self._weighed = 0.0
        # Bytes.
        self.heaviest = 0

    def weigh(self) -> None:
        """Look every few seconds: it reads the page tables of every part."""
        now = time.monotonic()
        if now - self._weighed >= WEIGH_EVERY_S:
            self._weighed = now
            self.heaviest = max(self.heaviest, self._supervisor.memory())


Show = Callable[["list[Row]", "Flow | None", float], None]


@contextmanager
def _screen(console: "Console", conf: "Settings") -> Iterator[Show]:
    """One live picture on a terminal, a line per change where there is none."""
    from rich.live import Live

    from ops.screen import showing

    address = f"Console: {conf.console_url}   (Ctrl-C stops everything)"
    if not console.is_terminal:
        console.print(address)
        last = ""
        with showing(console) as show_parts:

            def show_lines(parts: "list[Row]", flow: "Flow | None", begun: float) -> None:
                nonlocal last
                show_parts(parts)
                line = _line(flow)
                if line != last:
                    console.print(f"{time.monotonic() - begun:4.0f} s  {line}", highlight=False)
                    last = line

            yield show_lines
        return
    with Live(console=console, auto_refresh=False) as live:
        yield lambda parts, flow, begun: live.update(_picture(parts, flow, address), refresh=True)


def _picture(parts: "list[Row]", flow: "Flow | None", address: str) -> "RenderableType":
    from rich.console import Group
    from rich.text import Text

    from ops.screen import parts_table

    return Group(parts_table(parts), Text(), Text(_line(flow)), Text(address, style="bold"))


def _line(flow: "Flow | None") -> str:
    if flow is None:
        return "nothing has come through yet"
    counts = flow.counts
    # A crawl reports at its end; what was read before that was crawled.
    crawled = max(flow.published, counts.records)
    firing = sum(alert.resolved_reason is None for alert in flow.alerts)
    return (
        f"crawled {crawled:,}   scored {counts.scored:,}   copies {counts.copy:,}   "
        f"unscored {counts.unscored:,}   dead letters {counts.dead:,}   "
        f"alerts {len(flow.alerts)} ({firing} firing)"
    )


def _summary(console: "Console", watch: "Watch", begun: float, heaviest: int) -> None:
    """Say how it went; raises CommandError where the alerts are not exactly the expected ones."""
    verdict, seen, seconds = watch.verdict(), watch.seen, time.monotonic() - begun
    console.print(_line(seen.flow), highlight=False)
    for alert in seen.flow.alerts if seen.flow else ():
        outcome = alert.resolved_reason or alert.state
        console.print(f"  {alert.subject_kind:7} {alert.subject:24} {outcome}", highlight=False)
    if verdict.missing:
        raise CommandError(f"Not raised within {seconds:.0f} s: {'; '.join(verdict.missing)}.")
    if verdict.unexpected:
        raise CommandError(f"Raised and should not be: {'; '.join(verdict.unexpected)}.")
    first = (seen.first_alert or begun) - begun
    console.print(
        f"Exactly the expected alerts, the first after {first:.0f} s, in all {seconds:.0f} s"
        f" with up to {heaviest / 2**30:.1f} GiB of memory.",
        highlight=False,
    )
