"""`tocsin replay`: any dated dump of news through the whole path."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.store.connection import Connection
    from pipeline.store.rows import Counts


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    file: Annotated[
        Path, typer.Argument(help='JSON lines: {"text"|"title","body"?,"url"?,"published_at"}.')
    ],
    speed: Annotated[
        float, typer.Option(min=0.0, help="Seconds of the dump in one second; 0: full speed.")
    ] = 0.0,
    patience: Annotated[
        int, typer.Option(min=1, help="Give up after so many seconds without progress.")
    ] = 600,
) -> None:
    """Play a dated dump of news through Kafka and everything after it; nobody is notified.

    Needs what `tocsin up` starts. Ends when every record has an outcome, prints the count of each,
    and fails where they do not add up to what was sent. It can be done twice.
    """
    from rich.console import Console

    from pipeline.bus import BusError, Producer
    from pipeline.messages import RAW_TOPIC
    from pipeline.replay import Pace, play
    from pipeline.settings import load
    from pipeline.store.connection import connect
    from pipeline.topics import end_offsets, ensure_topics

    conf = load()
    console = Console()
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", exit_code=2) from error
    link = connect(conf.database_url, "console")
    try:
        ensure_topics(conf.kafka_bootstrap)
        start = end_offsets(conf.kafka_bootstrap, RAW_TOPIC)
        # Or the first of ours would share a batch with what was there before.
        _await(
            link, start, patience, "The consumer does not catch up; is `tocsin consume` running?"
        )
        producer = Producer(conf.kafka_bootstrap)
        with _progress(console, len(lines), "sent") as advance:
            sent = play(lines, producer, lambda now: advance(now.acknowledged), Pace(speed or None))
        producer.close()
        counts = _follow(console, link, start, sent.acknowledged, patience)
    except BusError as error:
        raise CommandError(str(error)) from error
    finally:
        link.close()
    for bad in sent.bad[:20]:
        print(f"line {bad.number}: {plain(bad.cause)}")
    for name, count in {"lines": len(lines), "not articles": len(sent.bad), **vars(counts)}.items():
        console.print(f"{name:>12} {count:>8,}", highlight=False)
    if counts.records != sent.acknowledged:
        raise CommandError(
            f"{sent.acknowledged:,} were sent and {counts.records:,} have an outcome: something "
            "else was published meanwhile; the figures are of both."
        )
    console.print(f"All {sent.acknowledged:,} records have exactly one outcome.")


def _await(link: "Connection", offsets: Mapping[int, int], patience: int, otherwise: str) -> None:
    from pipeline.messages import RAW_TOPIC
    from pipeline.store.following import reached

    deadline = time.monotonic() + patience
    while not reached(link, RAW_TOPIC, offsets):
        if time.monotonic() > deadline:
            raise CommandError(otherwise)
        time.sleep(0.2)


def _follow(
    console: "Console", link: "Connection", start: Mapping[int, int], wanted: int, patience: int
) -> "Counts":
    """The outcomes of what was sent, once there are as many as records."""
    from pipeline.messages import RAW_TOPIC
    from pipeline.store.following import outcomes_since

    last, deadline = -1, time.monotonic() + patience
    with _progress(console, wanted, "scored") as advance:
        while True:
            counts = outcomes_since(link, RAW_TOPIC, start)
            advance(counts.records)
            if counts.records >= wanted:
                return counts
            if counts.records > last:
                last, deadline = counts.records, time.monotonic() + patience
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{counts.records:,} of {wanted:,} records have an outcome and none was added "
                    f"for {patience} s; `tocsin status` says what is wrong."
                )
            time.sleep(0.5)


@contextmanager
def _progress(console: "Console", total: int, word: str) -> Iterator[Callable[[int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(f"{word:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(word, total=total)
        yield lambda done: progress.update(task, completed=done)
