"""A database that is away, read-only or full: nothing is fetched meanwhile, and all of it after."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from ops.pgwheel import programs, unprivileged_user
from ops.postgres import Postgres
from ops.probe import free_port
from pipeline import settings
from sql.migrate import migrate
from tests.integration.consuming import send, wait_until
from tests.integration.faults import victim
from tests.integration.faults.ledger import Ledger, total
from tests.integration.faults.processes import PATIENCE_S, asking, running
from tests.integration.ingest import world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# What a consumer may grow by while it waits: a fetch of every partition, no more.
ROOM_BYTES = 40 * 2**20


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
    expected = world.build(2, stories=160)
    first, rest = expected.messages[:60], expected.messages[60:]
    with _a_server() as (server, disk):
        url = server.url("small")
        order = victim.Order(fresh_kafka, url)
        with running(order) as consumer:
            with asking(url) as link:
                send(fresh_kafka, first)
                wait_until(lambda: total(link) == len(first), "it does not work", PATIENCE_S)
            process = psutil.Process(consumer.pid)
            before = process.memory_info().rss
            with trouble(server, disk):
                send(fresh_kafka, rest)
                time.sleep(8)
                assert consumer.is_alive()
                grown = process.memory_info().rss - before
                if trouble is not away:
                    with asking(url) as link:
                        assert total(link) < len(expected.messages)
            with asking(url) as link:
                wait_until(
                    lambda: total(link) >= len(expected.messages), "it does not drain", PATIENCE_S
                )
                fault = f"PostgreSQL is {trouble.__name__.replace('_', '-')}"
                ledger.check(fault, link, expected)
    assert grown < ROOM_BYTES


@contextmanager
def _a_server() -> Iterator[tuple[Postgres, Path]]:
    """A server with a migrated database `small` that lies on a disk of its own."""
    binaries = programs(settings.load().cache)
    with tempfile.TemporaryDirectory(prefix="tocsin-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with _disk(Path(folder) / "disk") as disk:
            server = Postgres(Path(folder), free_port(), binaries)
            server.start()
            try:
                wait_until(server.ready)
                migrate(server.url("tocsin"))
                _alter(server, f"CREATE TABLESPACE small LOCATION '{disk / 'tables'}'")
                _alter(server, "CREATE DATABASE small TEMPLATE tocsin TABLESPACE small")
                yield server, disk
            finally:
                server.stop()


@contextmanager
def _disk(at: Path) -> Iterator[Path]:
    """A small disk, in memory."""
    at.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=755", "tocsin", str(at)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    try:
        tables = at / "tables"
        tables.mkdir()
        user = unprivileged_user()
        if user is not None:
            shutil.chown(tables, user, user)
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)
