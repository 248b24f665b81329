"""An empty world for every test."""

from collections.abc import Iterator

import pytest

from ops.postgres import Postgres
from tests.integration.alerts.world import World


@pytest.fixture
def world(postgres: Postgres, migrated: str) -> Iterator[World]:
    postgres.create_database("alerts_world", migrated)
    found = World(postgres.url("alerts_world"))
    yield found
    found.close()
    postgres.drop_database("alerts_world")
