"""`tocsin recipients`: who is told of alerts, kept in the database, in and out by a TOML file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.files import put_text, read_text
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.store.delivery import Health

recipients = typer.Typer(help="Who is told of alerts, and how.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The recipient's name.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(recipients, name="recipients")


@recipients.command("list")
def list_() -> None:
    """One line a recipient: where, in which language, from which severity on, how it goes."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.store import delivery
    from pipeline.store.connection import transaction

    with connected("console") as link, transaction(link) as cursor:
        found = delivery.health(cursor, datetime.now(UTC))
    if not found:
        print("No recipients. Write a file, and say `tocsin recipients import FILE`.")
        return
    headings = ("name", "channel", "language", "from", "last sent (UTC)", "waiting", "trouble")
    table = Table(*headings, box=None)
    for one in found:
        table.add_row(*(Text(plain(cell)) for cell in _cells(one)))
    Console().print(table)


@recipients.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A TOML file with a table for each recipient.")],
) -> None:
    """Add the recipients of a file, and change those that are there already.

    Others stay as they are. A file with anything wrong in it changes nothing.
    """
    from pipeline.alerts.delivery.recipients import load
    from pipeline.alerts.delivery.watchers import require
    from pipeline.store import delivery, watchlists
    from pipeline.store.connection import transaction

    text = read_text(file)
    with connected("console") as link:
        with transaction(link) as cursor:
            kept = {row.name: row.body for row in delivery.recipients(cursor)}
            lists = watchlists.everything(cursor)
        bodies = load(text, kept)
        require(bodies, lists)
        changed = delivery.put_recipients(link, bodies)
    print(f"{changed} of {len(bodies)} recipients added or changed.")


@recipients.command()
def export(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file, not to the terminal.")
    ] = None,
) -> None:
    """All recipients as a file for `import`. It holds names of secrets, and no secret."""
    from pipeline.alerts.toml import dump
    from pipeline.store import delivery
    from pipeline.store.connection import transaction

    with connected("console") as link, transaction(link) as cursor:
        text = dump({row.name: row.body for row in delivery.recipients(cursor)})
    put_text(text, out)


@recipients.command()
def test(name: Name) -> None:
    """Send a recipient a message that says it is a test, and say what became of it."""
    from pipeline.alerts.delivery.deliver import courier
    from pipeline.settings import load

    with connected("alerts") as link:
        try:
            error = courier(link, load()).test(name)
        except KeyError:
            known = "see tocsin recipients list"
            raise CommandError(f"No recipient {name} can be told anything; {known}.") from None
    if error:
        raise CommandError(f"{name} was not reached: {error}")
    print(f"The message for {name} was taken.")


@recipients.command()
def remove(name: Name) -> None:
    """Forget a recipient. What it was told stays on record; what waits for it is dropped."""
    from pipeline.store import delivery

    with connected("console") as link:
        if not delivery.remove_recipient(link, name):
            raise CommandError(f"There is no recipient {name}; see tocsin recipients list.")
    print(f"{name} is told nothing more.")


def _cells(one: "Health") -> list[str]:
    body = one.body
    trouble = f"{one.failed_at:%Y-%m-%d %H:%M} {one.error}" if one.troubled else ""
    return [
        one.name,
        one.channel,
        str(body.get("language", "en")),
        str(body.get("severity", "low")) if one.enabled else "off",
        f"{one.sent_at:%Y-%m-%d %H:%M:%S}" if one.sent_at else "never",
        str(one.waiting),
        trouble,
    ]
