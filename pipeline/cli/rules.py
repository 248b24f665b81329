"""`tocsin rules`: when alerts are raised, kept in the database, in and out by a TOML file."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.database import connected
from pipeline.cli.errors import CommandError
from pipeline.cli.files import put_text, read_text
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.alerts.rulebook import File
    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

rules = typer.Typer(help="When alerts are raised, and who said so.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(rules, name="rules")


@rules.command()
def show() -> None:
    """The rule in force, in words and field by field, and how often its alerts were right."""
    from pipeline.alerts import rulebook
    from pipeline.alerts.precision import precision
    from pipeline.alerts.record import RULE_ID
    from pipeline.alerts.rule_fields import fields
    from pipeline.alerts.rule_words import sentences
    from pipeline.store import rulebook as store
    from pipeline.store.connection import transaction

    words, clock = _speech()
    with connected("console") as link:
        version = rulebook.in_force(link)
        with transaction(link) as cursor:
            feedback = store.feedback(cursor, RULE_ID)
    rule = rulebook.rule_of(version.body)
    made = f"Version {version.version} by {plain(version.actor)}, {clock.exact(version.at)}"
    print(f"{made}: {plain(version.comment)}" if version.comment else f"{made}.")
    print()
    print(*sentences(rule, words, clock), sep="\n")
    print()
    for field in fields(rule):
        print(f"  {field.path:<28} {field.text}")
    if feedback:
        print("\nWhat analysts made of its alerts, and the share that was right (95 %):")
    for row in feedback:
        share = precision(row)
        right = f"{share.share:.2f} ({share.low:.2f}–{share.high:.2f})" if share else "not judged"
        print(
            f"  version {row.version:<3} {row.severity:<9} {row.alerts} alerts, {row.useful} right,"
            f" {row.false_alarms} false: {right}"
        )


@rules.command()
def export(
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is replaced.")],
) -> None:
    """Write the rule in force into a file, to be edited and imported."""
    from pipeline.alerts import rulebook

    with connected("console") as link:
        version = rulebook.in_force(link)
    put_text(rulebook.export(version), file)
    print(f"Version {version.version} is in {file}.")


@rules.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A rules file, best one that was exported.")],
    comment: Annotated[str, typer.Option("--comment", help="Why: it is kept with the version.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even over a version that the file was not made from.")
    ] = False,
) -> None:
    """Put the rule of a file in force as a new version.

    An edit made elsewhere since the file was exported is never overwritten, unless --force says so.
    Versions are kept: importing one that was exported earlier brings it back.
    """
    from pipeline.alerts import rulebook

    wanted = read(file)
    if not comment.strip():
        raise CommandError("Say why with --comment.", exit_code=2)
    with connected("console") as link:
        who = getpass.getuser()
        version = rulebook.change(link, wanted.rule, wanted.version, who, comment.strip(), force)
    print(f"Version {version} is in force from the next alerts run on.")


@rules.command()
def history() -> None:
    """Every version: who made it, when, why, and what it changed."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.alerts.record import RULE_ID
    from pipeline.alerts.rulebook import steps
    from pipeline.store import rulebook as store
    from pipeline.store.connection import transaction

    _, clock = _speech()
    with connected("console") as link, transaction(link) as cursor:
        versions = store.history(cursor, RULE_ID)
    table = Table("version", "made", "by", "why", "changed", box=None)
    for version, changed in steps(versions):
        said = "; ".join(f"{path}: {old or '—'} → {new or '—'}" for path, old, new in changed)
        cells = (str(version.version), clock.short(version.at), version.actor, version.comment)
        table.add_row(*(Text(plain(cell)) for cell in (*cells, said)))
    Console().print(table)


def read(file: Path) -> "File":
    """The rules file. Raises CommandError, RuleError."""
    from pipeline.alerts import rulebook

    return rulebook.load(read_text(file))


def _speech() -> "tuple[Words, Clock]":
    from pipeline.settings import load
    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

    words = Words("en")
    return words, Clock(load().zone, words, datetime.now(UTC))
