"""The embedded servers as tests get them."""

import psutil
import psycopg2
import pytest
from kafka import KafkaAdminClient

from ops.postgres import Postgres

pytestmark = pytest.mark.slow


def _listening() -> set[str]:
    """Addresses this test run's own servers listen on."""
    family = psutil.Process().children(recursive=True)
    return {
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


def test_kafka_answers_and_the_servers_listen_on_loopback_only(
    kafka: str, postgres: Postgres
) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        assert len(admin.describe_cluster()["brokers"]) == 1
    assert _listening() <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_database_is_migrated_and_has_vectors(database_url: str) -> None:
    with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM article")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT '[1,2]'::vector <-> '[1,3]'::vector")
        assert cursor.fetchone() == (1.0,)
