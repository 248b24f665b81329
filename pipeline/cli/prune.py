"""`tocsin prune`: erase what may not be kept any longer."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.store.connection import Connection
    from pipeline.store.retention import Ended


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(prune)


def prune(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")
    ] = False,
) -> None:
    """Erase what has come to its end, as the Airflow DAG `retention` does every night.

    Bodies of articles whose rights ended, with the sentences quoted from them; messages of dead
    letters that waited too long; keys of near-duplicates out of use; reasons why alerts were not
    raised or told. It can be done twice.
    """
    from datetime import UTC, datetime

    from pipeline.settings import load
    from pipeline.store.connection import StoreUnavailable, connect
    from pipeline.store.retention import due
    from sql.migrate import SchemaError

    now = datetime.now(UTC)
    try:
        link = connect(load().database_url, "retention")
    except SchemaError as error:
        raise CommandError(str(error)) from error
    try:
        ended = due(link, now) if dry_run else _pruned(link, now)
    except StoreUnavailable as error:
        raise CommandError(
            f"{error}; what was erased stays so, say it again for the rest."
        ) from error
    finally:
        link.close()
    _print(ended, "Would be erased:" if dry_run else "Erased:")


def _pruned(link: "Connection", now: "datetime") -> "Ended":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from pipeline.store.retention import due
    from pipeline.store.retention import prune as erase

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("erased", total=due(link, now).total)
        return erase(link, now, lambda done: progress.update(task, completed=done.total))


def _print(ended: "Ended", heading: str) -> None:
    if not ended.total:
        print("Nothing has come to its end.")
        return
    print(heading)
    for count, what in (
        (ended.bodies, "bodies of articles"),
        (ended.sentences, "sentences quoted from them"),
        (ended.messages, "messages of dead letters"),
        (ended.keys, "keys of near-duplicates"),
        (ended.suppressions, "reasons why alerts were not raised or told"),
    ):
        print(f"{count:>12,} {what}")
