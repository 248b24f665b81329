"""An empty world for every test."""

from collections.abc import Iterator

import pytest

from tests.integration.alerts.world import World


@pytest.fixture(scope="module")
def filled(database_url: str) -> Iterator[World]:
    """A world in whatever state the last test left it."""
    found = World(database_url)
    yield found
    found.close()


@pytest.fixture
def world(filled: World) -> World:
    """A world in which nothing has happened yet."""
    filled.clear()
    return filled
