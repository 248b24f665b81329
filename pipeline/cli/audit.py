"""`tocsin audit`: what was changed, by which program, and whether the record of it holds."""

from typing import Annotated

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain

audit = typer.Typer(help="The record of every change, and whether it holds.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(audit, name="audit")


@audit.command()
def verify(
    head: Annotated[
        str | None,
        typer.Option("--head", help="What an earlier `verify` said last: it must still be so."),
    ] = None,
) -> None:
    """Walk the whole chain and compare it with the tables; name the first link that is broken.

    Somebody who may do anything to the database can cut off the end of chain and tables alike. Who
    keeps a head elsewhere finds that too.
    """
    from pipeline.store.audit import Head
    from pipeline.store.audit import verify as walk
    from pipeline.store.connection import snapshot

    try:
        kept = Head.of(head) if head else None
    except ValueError:
        raise CommandError(f"{head} is no head, such as 12:9f8e7d…") from None
    with connected("console") as link, snapshot(link) as cursor:
        found = walk(cursor, kept)
    print(f"{found.seq:,} entries hold, and the tables are as they say.")
    print(f"Head {found}")


@audit.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 20,
) -> None:
    """The latest changes, the newest first."""
    from pipeline.store.audit import newest
    from pipeline.store.connection import snapshot

    with connected("console") as link, snapshot(link) as cursor:
        entries = newest(cursor, limit)
    for entry in entries:
        print(
            f"{entry.seq}  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.program}"
            f"  {entry.operation} {entry.table_name} {plain(entry.content)}"
        )
    if not entries:
        print("Nothing was changed yet.")
