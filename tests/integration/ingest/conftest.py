"""An empty database for every test."""

from collections.abc import Iterator

import pytest

from ops.postgres import Postgres


@pytest.fixture
def fresh_database(postgres: Postgres, migrated: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    postgres.create_database("fresh", migrated)
    yield postgres.url("fresh")
    postgres.drop_database("fresh")
