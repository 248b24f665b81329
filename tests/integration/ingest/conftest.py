"""Empty topics and an empty database for every test: offsets begin at 0."""

from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient

from ops.postgres import Postgres
from pipeline.bus import ensure_topics
from pipeline.messages import TOPIC_TYPES


@pytest.fixture
def fresh_kafka(kafka: str) -> str:
    """A broker whose topics were made just now."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    there = set(admin.list_topics()) & set(TOPIC_TYPES)
    if there:
        admin.delete_topics(sorted(there))
    admin.close()
    ensure_topics(kafka, partitions=6)
    return kafka


@pytest.fixture
def fresh_database(postgres: Postgres, migrated: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    postgres.create_database("fresh", migrated)
    yield postgres.url("fresh")
    postgres.drop_database("fresh")
