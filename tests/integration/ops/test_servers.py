"""The embedded servers: what they promise to clients, and that a killed one comes back."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import MessageSizeTooLargeError
from psycopg2.extensions import make_dsn

from ops import jars
from ops.kafka import Kafka
from ops.part import Part
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from ops.supervise import Supervisor
from pipeline import settings
from pipeline.messages import RAW_TOPIC
from pipeline.topics import ensure_topics

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Machine:
    supervisor: Supervisor
    kafka: Kafka
    postgres: Postgres

    def kill(self, part: Part) -> None:
        """Kill a part as the kernel would and return when the supervisor has it up again."""
        os.kill(part.pids[0], signal.SIGKILL)
        while part.alive:
            time.sleep(0.01)
        self.supervisor.check()
        assert not self.supervisor.all_up
        self.supervisor.start()


@pytest.fixture(scope="module")
def machine(open_home: Path) -> Iterator[Machine]:
    cache = settings.load().cache
    with Supervisor(open_home) as supervisor:
        kafka = Kafka(open_home, free_port(), jars.fetch(cache))
        postgres = Postgres(open_home, free_port(), programs(cache))
        supervisor.add(kafka)
        supervisor.add(postgres)
        supervisor.start()
        yield Machine(supervisor, kafka, postgres)


def listening(pids: tuple[int, ...]) -> set[str]:
    """Addresses these processes accept connections at."""
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for pid in pids
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_they_listen_on_loopback_only(machine: Machine) -> None:
    for part in (machine.kafka, machine.postgres):
        assert listening(part.pids) == {"127.0.0.1"}


def test_postgres_runs_as_an_unprivileged_user(machine: Machine) -> None:
    assert {psutil.Process(pid).uids().real for pid in machine.postgres.pids}.isdisjoint({0})


def test_postgres_asks_for_the_password(machine: Machine) -> None:
    url = make_dsn(machine.postgres.url("tocsin"), password="wrong")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url)


def test_kafka_stamps_messages_with_the_time_it_took_them(machine: Machine) -> None:
    ensure_topics(machine.kafka.bootstrap)
    record = _send_and_read(machine.kafka.bootstrap, b"x", timestamp_ms=1)
    age = datetime.now(UTC) - datetime.fromtimestamp(record.timestamp / 1000, UTC)
    assert 0 <= age.total_seconds() < 60


def test_kafka_takes_two_mebibytes_and_not_much_more(machine: Machine) -> None:
    ensure_topics(machine.kafka.bootstrap)
    largest = os.urandom(2 * 2**20)
    assert _send_and_read(machine.kafka.bootstrap, largest).value == largest
    with pytest.raises(MessageSizeTooLargeError):
        _send_and_read(machine.kafka.bootstrap, largest + bytes(2**17))


def test_a_killed_kafka_comes_back_with_what_it_acknowledged(machine: Machine) -> None:
    ensure_topics(machine.kafka.bootstrap)
    record = _send_and_read(machine.kafka.bootstrap, b"acknowledged")
    machine.kill(machine.kafka)
    again = _read(machine.kafka.bootstrap, record.partition, record.offset)
    assert again.value == b"acknowledged"


def test_a_killed_postgres_comes_back_with_what_it_committed(machine: Machine) -> None:
    url = machine.postgres.url("tocsin")
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS n")
    connection.close()
    machine.kill(machine.postgres)
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchall() == [(1,)]
    connection.close()


def test_two_modules_get_databases_of_their_own(database_url: str, empty_database_url: str) -> None:
    assert _tables(database_url) > 10
    assert _tables(empty_database_url) == 0


def _tables(url: str) -> int:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        (count,) = cursor.fetchone()
    connection.close()
    return int(count)


def _send_and_read(bootstrap: str, value: bytes, timestamp_ms: int | None = None) -> Any:
    producer = KafkaProducer(bootstrap_servers=bootstrap, max_request_size=2**23)
    try:
        sent = producer.send(RAW_TOPIC, value, timestamp_ms=timestamp_ms).get(20)
    finally:
        producer.close()
    return _read(bootstrap, sent.partition, sent.offset)


def _read(bootstrap: str, partition: int, offset: int) -> Any:
    where = TopicPartition(RAW_TOPIC, partition)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=20_000)
    try:
        consumer.assign([where])
        consumer.seek(where, offset)
        return next(consumer)
    finally:
        consumer.close()
