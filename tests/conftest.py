"""Real servers for the tests that ask for them: one Kafka and one PostgreSQL a session."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops import jars
from ops.kafka import Kafka
from ops.part import Part
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from ops.supervise import Supervisor
from pipeline import settings

MIGRATED = "migrated_template"


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """host:port of a broker of this session's own; topics are the test's to create and name."""
    libs = jars.fetch(settings.load().cache)
    with _home() as home, _running(broker := Kafka(home, free_port(), libs), home):
        yield broker.bootstrap


@pytest.fixture
def fresh_kafka(kafka: str) -> str:
    """A broker whose topics were made just now."""
    from kafka import KafkaAdminClient

    from pipeline.messages import TOPIC_TYPES
    from pipeline.topics import ensure_topics

    admin = KafkaAdminClient(bootstrap_servers=kafka)
    there = set(admin.list_topics()) & set(TOPIC_TYPES)
    if there:
        admin.delete_topics(sorted(there))
    admin.close()
    ensure_topics(kafka, partitions=6)
    return kafka


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of this session's own; `database_url` gives a database on it."""
    binaries = programs(settings.load().cache)
    with _home() as home, _running(server := Postgres(home, free_port(), binaries), home):
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a migrated database to copy others from; nobody connects to it afterwards."""
    from sql.migrate import migrate

    postgres.create_database(MIGRATED)
    migrate(postgres.url(MIGRATED))
    return MIGRATED


@pytest.fixture(scope="module")
def database_url(postgres: Postgres, migrated: str) -> Iterator[str]:
    """libpq address of a fresh, migrated database of this module's own."""
    with _database(postgres, migrated) as url:
        yield url


@pytest.fixture(scope="module")
def empty_database_url(postgres: Postgres) -> Iterator[str]:
    """libpq address of a fresh database without any table, this module's own."""
    with _database(postgres, "template1") as url:
        yield url


@pytest.fixture(scope="module")
def open_home() -> Iterator[Path]:
    """A home for servers of a module's own, which PostgreSQL's user may enter."""
    with _home() as home:
        yield home


@pytest.fixture
def fresh_database(postgres: Postgres, migrated: str) -> Iterator[str]:
    """libpq address of a migrated database of this test's own."""
    postgres.create_database("fresh", migrated)
    yield postgres.url("fresh")
    postgres.drop_database("fresh")


_numbers = itertools.count()


@contextmanager
def _database(postgres: Postgres, template: str) -> Iterator[str]:
    name = f"module_{next(_numbers)}"
    postgres.create_database(name, template)
    yield postgres.url(name)
    postgres.drop_database(name)


@contextmanager
def _home() -> Iterator[Path]:
    """A folder any user may enter, which pytest's own are not: PostgreSQL is not run by root."""
    with tempfile.TemporaryDirectory(prefix="tocsin-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def _running(part: Part, home: Path) -> Iterator[None]:
    with Supervisor(home) as supervisor:
        supervisor.add(part)
        supervisor.start()
        yield
