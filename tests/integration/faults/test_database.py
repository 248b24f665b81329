"""A database that is away, read-only or full: nothing is fetched meanwhile, and all of it after."""

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from ops.pgwheel import programs, unprivileged_user
from ops.postgres import Postgres
from ops.probe import free_port
from pipeline import settings
from pipeline.consumer import Hooks
from pipeline.messages import RAW_TOPIC, encode
from sql.migrate import migrate
from tests.integration.consuming import Message, send, wait_until, working
from tests.integration.faults import victim
from tests.integration.faults.ledger import PATIENCE_S, Ledger, total
from tests.integration.faults.processes import asking, running
from tests.integration.ingest import world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# What is sent while it waits, and what the consumer may grow by: by what its client fetches ahead.
FLOOD_BYTES = 140 * 2**20
ROOM_BYTES = 80 * 2**20


@contextmanager
def away(server: Postgres, _disk: Path) -> Iterator[None]:
    """No server."""
    server.stop()
    yield
    server.start()
    wait_until(server.ready)


@contextmanager
def read_only(server: Postgres, _disk: Path) -> Iterator[None]:
    """As it is on a standby."""
    _alter(server, "ALTER SYSTEM SET default_transaction_read_only = on")
    yield
    _alter(server, "ALTER SYSTEM RESET default_transaction_read_only")


@contextmanager
def full(_server: Postgres, disk: Path) -> Iterator[None]:
    """No byte left where its tables are."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(bytes(2**16))
                file.flush()
        except OSError:
            pass
    yield
    filler.unlink()


def _alter(server: Postgres, statement: str) -> None:
    with closing(psycopg2.connect(server.url("postgres"))) as link, link.cursor() as cursor:
        link.autocommit = True
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(statement)
        cursor.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("trouble", [away, read_only, full])
def test_consumption_pauses_and_drains_after(
    trouble: Callable[[Postgres, Path], Any], fresh_kafka: str, ledger: Ledger
) -> None:
    first, rest, expected = _news()
    with _a_server(full is trouble) as (server, disk):
        url = server.url("small")
        with running(victim.Order(fresh_kafka, url, batch_size=200)) as consumer:
            process = psutil.Process(consumer.pid)
            # On a full disk nobody can connect: who was there before can ask.
            with asking(url) as link:
                send(fresh_kafka, first)
                wait_until(lambda: total(link) == len(first), "it does not work", PATIENCE_S)
                before = process.memory_info().rss
                with trouble(server, disk):
                    send(fresh_kafka, rest)
                    time.sleep(6)
                    assert consumer.is_alive()
                    grown = process.memory_info().rss - before
                    if trouble is not away:
                        assert total(link) < len(first) + len(rest) // 2
            with asking(url) as link:
                fault = f"PostgreSQL is {trouble.__name__.replace('_', '-')}"
                ledger.check(fault, link, expected)
    assert grown < ROOM_BYTES


def _news() -> tuple[list[Message], list[Message], world.World]:
    """What is sent before and during the trouble; most of that is one article, again and again."""
    built = world.build(2)
    known = world.article("https://ledger.example/flood", "Kite opens", "A kite flew. " * 170)
    again = (RAW_TOPIC, known.article_id, encode(known))
    times = FLOOD_BYTES // len(again[2])
    first = [again, *built.messages[:40]]
    rest = [*built.messages[40:], *[again] * times]
    more = {"scored": built.outcomes["scored"] + 1}
    more["unchanged"] = built.outcomes["unchanged"] + times
    outcomes = built.outcomes | more
    return (
        first,
        rest,
        world.World([*first, *rest], outcomes, built.stories + 1, built.articles + 1),
    )


def test_a_database_that_stops_within_a_batch_loses_and_doubles_nothing(
    seed: int, fresh_kafka: str, ledger: Ledger
) -> None:
    expected = world.build(seed)
    send(fresh_kafka, expected.messages)
    with _a_server(small=False) as (server, _):
        url = server.url("small")
        within, back = threading.Event(), threading.Event()

        def wait(at: str) -> None:
            if at == "before_commit" and not within.is_set():
                within.set()
                assert back.wait(30)

        with working(fresh_kafka, url, Hooks(checkpoint=wait)):
            assert within.wait(20)
            server.stop()
            server.start()
            wait_until(server.ready)
            back.set()
            with asking(url) as link:
                ledger.check("PostgreSQL restarts within a transaction", link, expected)


@contextmanager
def _a_server(small: bool) -> Iterator[tuple[Postgres, Path]]:
    """A server with a migrated database `small`, which may lie on a small disk of its own."""
    binaries = programs(settings.load().cache)
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-test-", ignore_cleanup_errors=True) as folder,
        ExitStack() as mounted,
    ):
        Path(folder).chmod(0o755)
        disk = Path(folder) / "disk"
        disk.mkdir()
        if small:
            mounted.enter_context(_disk(disk))
        server = Postgres(Path(folder), free_port(), binaries)
        server.start()
        try:
            wait_until(server.ready)
            migrate(server.url("tocsin"))
            where = ""
            if small:
                _alter(server, f"CREATE TABLESPACE small LOCATION '{disk / 'tables'}'")
                where = "TABLESPACE small"
            _alter(server, f"CREATE DATABASE small TEMPLATE tocsin {where}")
            yield server, disk
        finally:
            server.stop()


@contextmanager
def _disk(at: Path) -> Iterator[None]:
    """A small disk, in memory."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=755", "tocsin", str(at)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    try:
        tables = at / "tables"
        tables.mkdir()
        user = unprivileged_user()
        if user is not None:
            shutil.chown(tables, user, user)
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)
