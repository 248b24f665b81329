"""The console over a real database whose clock the tests hold."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from console.app import create_app
from pipeline import settings
from pipeline.settings import Settings
from tests.integration.console.world import NEWSWIRE, World, surge

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # 12:00 in Hong Kong
SOURCES = (
    "harbour-ledger",
    "jinqiao-wang",
    "meridian-markets",
    "nanfang-caixun",
    "south-channel-post",
)


@dataclass
class Hand:
    """A clock that stands still until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture(scope="module")
def filled(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def world(filled: World) -> World:
    """A database where all parts worked a moment ago and no news came."""
    filled.empty()
    filled.beat(NOON - timedelta(seconds=20))
    for source in SOURCES:
        filled.visit(source, NOON - timedelta(seconds=40))
    return filled


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def configured(database_url: str) -> Settings:
    found = settings.load({})
    return replace(found, outside_database=database_url, source_dirs=(NEWSWIRE / "sources",))


@pytest.fixture
def client(configured: Settings, hand: Hand) -> Iterator[TestClient]:
    with TestClient(
        create_app(configured, hand),
        base_url="http://127.0.0.1:18000",
        headers={"origin": "http://127.0.0.1:18000"},
        follow_redirects=False,
        raise_server_exceptions=False,
    ) as found:
        yield found


@pytest.fixture
def alert_id(world: World) -> str:
    """A firing alert on the bank, raised by a real run."""
    for story in surge(NOON):
        world.add(story)
    world.run(NOON)
    ((found,),) = world.ask("SELECT alert_id FROM alert WHERE subject_kind = 'issuer'")
    return str(found)
