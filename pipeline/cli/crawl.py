"""`tocsin crawl`: visit the sources that are due, or try a source's file out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from crawlers.check import Checked
    from pipeline.messages import CrawlRun


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("crawl")(crawl)


def crawl(
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Visit this source now, due or not. May be repeated."),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now/--all-due", help="Visit every source, or those that are due.")
    ] = False,
    check: Annotated[
        Path | None,
        typer.Option("--check", help="Try one source file out: nothing is published or kept."),
    ] = None,
    minutes: Annotated[
        int,
        typer.Option(
            "--minutes", min=1, help="Break off after so many; what was not reached stays due."
        ),
    ] = 5,
) -> None:
    """Fetch what is new from the news sources and publish it to Kafka.

    Exit status 1 says that every visited source failed. Sources are the YAML files in the folders
    of TOCSIN_SOURCES; addresses that are not public need TOCSIN_CRAWL_ALLOW_ORIGINS.
    """
    if check is not None:
        _check(check, load())
        return
    runs = _crawl(source, now, timedelta(minutes=minutes), load())
    if not runs:
        print("No source is due.")
        return
    _print_runs(runs)
    if all(run.status == "failed" for run in runs):
        raise typer.Exit(1)


def _crawl(
    chosen: list[str] | None, now: bool, limit: timedelta, settings: Settings
) -> list[CrawlRun]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    from crawlers.health import Tally
    from crawlers.run import CrawlError
    from crawlers.run import crawl as run
    from pipeline.bus import BusError
    from pipeline.sources import SourceError, load_sources

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}")
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        rows: dict[str, TaskID] = {}

        def watch(source_id: str, tally: Tally) -> None:
            if source_id not in rows:
                rows[source_id] = progress.add_task(source_id, words="")
            words = f"{tally.answered} of {tally.requests} pages, {tally.published} published"
            progress.update(
                rows[source_id], total=tally.requests, completed=tally.answered, words=words
            )

        try:
            source_ids = list(load_sources(settings.source_dirs)) if now else None
            sources = chosen or source_ids
            return run(sources, settings, watch, limit=limit, with_canary=sources is None)
        except (CrawlError, SourceError, BusError) as error:
            raise CommandError(str(error)) from error


def _print_runs(runs: list[CrawlRun]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("source", box=None, header_style="bold")
    for name in ("requests", "not modified", "published", "refused"):
        table.add_column(name, justify="right")
    table.add_column("error", overflow="fold")
    for run in runs:
        counts = (run.requests, run.not_modified, run.published, run.refused)
        table.add_row(run.source_id, *map(str, counts), Text(plain(run.error or "")))
    Console().print(table)


def _check(path: Path, settings: Settings) -> None:
    from crawlers.check import check
    from pipeline.messages import RawArticle
    from pipeline.sources import SourceError

    try:
        checked = check(path, settings)
    except SourceError as error:
        raise CommandError(str(error)) from error
    _print_check(checked)
    if not isinstance(checked.found, RawArticle):
        raise typer.Exit(1)


def _print_check(checked: Checked) -> None:
    from pipeline.messages import RawArticle

    source = checked.source
    print(
        f"{source.source_id}: {source.kind} of {plain(source.publisher.name)}, the file is valid."
    )
    for error in checked.errors:
        print(f"  error: {plain(error)}")
    print(f"  {checked.listed} articles listed, not older than {source.lookback_days} days")
    found = checked.found
    if found is None:
        print("  no article to try")
    elif isinstance(found, RawArticle):
        print(f"  url:       {plain(found.url)}")
        print(f"  title:     {plain(found.title)}")
        print(f"  published: {found.published_at or 'undated'}")
        language = plain(found.lang_hint or "not told")
        print(f"  kind:      {found.kind}, language of the page {language}")
        print(f"  text:      {len(found.body)} characters: {found.body[:160]!r}")
    else:
        cause = plain(found.cause)
        print(f"  {plain(found.url)} would be refused at {found.stage}: {cause}")
