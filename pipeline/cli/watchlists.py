"""`tocsin watchlists`: names that somebody watches, in and out by a TOML file."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.files import put_text, read_text
from pipeline.cli.terminal import plain

watchlists = typer.Typer(help="Names that somebody watches.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(watchlists, name="watchlists")


@watchlists.command("list")
def list_() -> None:
    """One line a watchlist: whose it is, how many names, how many alerts are open on them."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.store import watchlists as store
    from pipeline.store.connection import transaction

    with connected("console") as link, transaction(link) as cursor:
        found = store.watchlists(cursor)
    if not found:
        print("No watchlists. Write a file, and say `tocsin watchlists import FILE`.")
        return
    table = Table("name", "owner", "issuers", "topics", "open alerts", box=None)
    for one in found:
        cells = (one.name, one.owner, str(one.issuers), str(one.topics), str(one.open_alerts))
        table.add_row(*(Text(plain(cell)) for cell in cells))
    Console().print(table)


@watchlists.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A TOML file with a table for each watchlist.")],
) -> None:
    """Bring the watchlists of a file to what it says; others stay as they are.

    Issuers may have any id, name or code. A file with anything wrong in it changes nothing.
    """
    from pipeline.alerts.watchlists import load
    from pipeline.store import watchlists as store
    from pipeline.store.connection import transaction

    text = read_text(file)
    with connected("console") as link:
        with transaction(link) as cursor:
            lists = load(cursor, text)
        changed = store.put(link, lists)
    print(f"{changed} of {len(lists)} watchlists added or changed.")


@watchlists.command()
def export(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file, not to the terminal.")
    ] = None,
) -> None:
    """All watchlists as a file for `import`."""
    from pipeline.alerts.toml import dump
    from pipeline.alerts.watchlists import tables
    from pipeline.store import watchlists as store
    from pipeline.store.connection import transaction

    with connected("console") as link, transaction(link) as cursor:
        text = dump(tables(store.everything(cursor)))
    put_text(text, out)


@watchlists.command()
def remove(name: Annotated[str, typer.Argument(help="The watchlist's name.")]) -> None:
    """Forget a watchlist. One that a recipient is told by stays, and the sentence says whose."""
    from pipeline.alerts.watchlists import remove as forget

    with connected("console") as link:
        if not forget(link, name):
            raise CommandError(f"There is no watchlist {name}; see tocsin watchlists list.")
    print(f"{plain(name)} is gone.")
