"""`tocsin dlq`: what was dead-lettered, why, and sending it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from pipeline.bus import Producer
    from pipeline.store.connection import Connection
    from pipeline.store.deadletters import Replayable

dlq = typer.Typer(help="Dead letters: what could not be scored, and why.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(dlq, name="dlq")


@dlq.command("list")
def list_letters(
    settled: Annotated[
        bool, typer.Option("--all", help="Also those that were sent again or have expired.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
) -> None:
    """One line a dead letter: where it lies, at which step it fell, the cause."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from pipeline.settings import load
    from pipeline.store.connection import connect
    from pipeline.store.deadletters import listed

    link = connect(load().database_url, "console")
    found = listed(link, settled=settled, limit=limit)
    link.close()
    if not found:
        print("No dead letters.")
        return
    table = Table("where", "step", "cause", "source", "bytes", "seen (UTC)", "state", box=None)
    for row in found:
        where = f"{row['topic']}/{row['partition']}/{row['kafka_offset']}"
        cells = [
            where,
            row["stage"],
            row["cause"],
            row["source_id"] or "—",
            "erased" if row["bytes"] is None else f"{row['bytes']:,}",
            f"{row['seen_at']:%Y-%m-%d %H:%M:%S}",
            row["state"],
        ]
        table.add_row(*(Text(plain(cell)) for cell in cells))
    Console().print(table)


@dlq.command()
def show(
    where: Annotated[str, typer.Argument(help="As `list` prints it: topic/partition/offset.")],
) -> None:
    """Everything kept of one dead letter, with the first 2,000 bytes of its message."""
    from pipeline.settings import load
    from pipeline.store.connection import connect
    from pipeline.store.deadletters import shown

    topic, partition, offset = _coordinates(where)
    link = connect(load().database_url, "console")
    found = shown(link, topic, partition, offset)
    link.close()
    if not found:
        raise CommandError(f"No dead letter at {where}; `tocsin dlq list` shows those there are.")
    for row in found:
        raw = row.pop("raw")
        for name, value in row.items():
            print(f"{name:14} {plain(str(value))}")
        if raw is None:
            print(f"{'raw':14} erased")
            continue
        print(f"{'raw':14} {len(raw):,} bytes")
        print(plain(bytes(raw[:2_000]).decode("utf-8", "backslashreplace"), lines=True))


@dlq.command()
def replay() -> None:
    """Send the open dead letters of news.raw.v1 to Kafka again.

    Can be done twice: what is scored by then comes out as unchanged, as does an article of which a
    newer version is scored by then; what is still wrong is dead-lettered anew.
    """
    from pipeline.bus import Producer
    from pipeline.messages import RAW_TOPIC
    from pipeline.settings import load
    from pipeline.store.connection import connect
    from pipeline.store.deadletters import replayable

    conf = load()
    link = connect(conf.database_url, "ingest")
    producer = Producer(conf.kafka_bootstrap)
    try:
        sent = sum(_sent(link, producer, letter) for letter in replayable(link, RAW_TOPIC))
    finally:
        producer.close()
        link.close()
    print(f"{sent} dead letters sent again.")


def _sent(link: "Connection", producer: "Producer", letter: "Replayable") -> bool:
    """Whether it was still there to be sent; returns when Kafka has it and that is noted."""
    from pipeline.messages import RAW_TOPIC
    from pipeline.records import SEEN_AT
    from pipeline.store.deadletters import mark_replayed, message

    raw = message(link, letter)
    if raw is None:
        return False
    # Without the time it would pass for the newest version of its article.
    headers = [(SEEN_AT, letter.seen_at.isoformat().encode())]
    try:
        producer.send(RAW_TOPIC, _key(raw), raw, headers).result(timeout=60)
    except TimeoutError as error:
        raise CommandError("Kafka did not acknowledge within 60 s; try again.") from error
    mark_replayed(link, letter)
    return True


def _key(raw: bytes) -> str:
    """The article's own partition where it has one, so that its versions stay in order."""
    from pipeline.messages import RAW_TOPIC, MessageError, decode

    try:
        return str(decode(RAW_TOPIC, raw).article_id)
    except MessageError:
        return "unreadable"


def _coordinates(where: str) -> tuple[str, int, int]:
    parts = where.split("/")
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise CommandError(f"{where!r} is not topic/partition/offset.", exit_code=2)
    return parts[0], int(parts[1]), int(parts[2])
