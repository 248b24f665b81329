"""`tocsin recipients`: who is told of alerts, kept in the database, in and out by a TOML file."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.store.connection import Connection, Role
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

    with closing(_connected("console")) as link, transaction(link) as cursor:
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
    from pipeline.store import delivery
    from pipeline.store.connection import transaction

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8.") from error
    with closing(_connected("console")) as link:
        with transaction(link) as cursor:
            kept = {row.name: row.body for row in delivery.recipients(cursor)}
        bodies = load(text, kept)
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

    with closing(_connected("console")) as link, transaction(link) as cursor:
        text = dump({row.name: row.body for row in delivery.recipients(cursor)})
    if out is None:
        print(plain(text, lines=True), end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(unusable(error)) from error


@recipients.command()
def test(name: Name) -> None:
    """Send a recipient a message that says it is a test, and say what became of it."""
    from pipeline.alerts.delivery.deliver import courier
    from pipeline.settings import load

    with closing(_connected("alerts")) as link:
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

    with closing(_connected("console")) as link:
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


def _connected(role: "Role") -> "Connection":
    from pipeline.settings import load
    from pipeline.store.connection import connect

    return connect(load().database_url, role)
