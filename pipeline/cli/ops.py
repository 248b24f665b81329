"""`tocsin up`, `down`, `doctor`: running every part on this machine."""

from typing import Annotated

import typer

from pipeline.cli.errors import CommandError
from pipeline.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(down)
    app.command()(doctor)


def up(
    detach: Annotated[
        bool, typer.Option("-d", "--detach", help="Run in the background; return when it is up.")
    ] = False,
) -> None:
    """Start Kafka, PostgreSQL, Airflow, the consumer and the console, and keep them running.

    Ctrl-C stops everything. What already runs elsewhere is used instead of an own one:
    TOCSIN_KAFKA_BOOTSTRAP, TOCSIN_DATABASE_URL, TOCSIN_AIRFLOW_URL.
    """
    from rich.console import Console

    from ops import jars
    from ops.doctor import examine
    from ops.part import PartError
    from ops.run import background, foreground
    from ops.screen import showing
    from ops.state import refuse_if_held

    settings = load()
    console = Console()
    address = f"Console: {settings.console_url}"
    try:
        refuse_if_held(settings.home)
        wrong = [finding.sentence for finding in examine(settings) if not finding.ok]
        if wrong:
            raise CommandError("\n".join(wrong))
        if settings.outside_kafka is None and not jars.present(settings.cache):
            console.print("Fetching Kafka's jars through Maven (44 MB, once) ...")
            jars.fetch(settings.cache)
        with showing(console) as show:
            if detach:
                background(settings, show)
            else:
                hint = f"{address}   (Ctrl-C stops everything)"
                foreground(settings, show, lambda: console.print(hint))
    except PartError as error:
        raise CommandError(str(error)) from error
    console.print(f"{address}   (tocsin down stops everything)" if detach else "Stopped.")


def down() -> None:
    """Stop what `tocsin up` started, and leave no process."""
    from ops.part import PartError
    from ops.run import stop

    home = load().home
    try:
        print("Stopped." if stop(home) else f"Nothing runs on {home}.")
    except PartError as error:
        raise CommandError(str(error)) from error


def doctor() -> None:
    """Check what must hold before anything starts; exit status 1 says something is missing."""
    from rich.console import Console
    from rich.text import Text

    from ops.doctor import examine

    console = Console()
    findings = examine(load())
    for finding in findings:
        mark = Text("ok     ", style="green") if finding.ok else Text("missing", style="red")
        console.print(mark, Text(finding.sentence), soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
