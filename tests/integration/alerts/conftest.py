"""An empty world for every test."""

from collections.abc import Iterator

import pytest

from tests.fixtures.services import Slack, serving
from tests.integration.alerts.office import Office
from tests.integration.alerts.world import NOON, World


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


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    with serving(Slack(NOON)) as service:
        assert isinstance(service, Slack)
        yield Office(world, service)
