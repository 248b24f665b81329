"""Info is raised and shown like any alert, and told only to those who ask for it."""

import json
from datetime import timedelta

import pytest

from pipeline.alerts import rules
from pipeline.alerts.delivery.recipients import parse
from pipeline.store import delivery
from pipeline.store.connection import connect
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow

SLACK = {"channel": "slack", "to": {"url": "URL"}}


@pytest.fixture
def lenient(world: World) -> World:
    """A rule by which what is neither high nor critical is info, and two who may be told."""
    world.run(NOON - timedelta(minutes=1))
    body = rules.shipped()["surge"] | {"otherwise": "info"}
    world.ask(
        "INSERT INTO rule_version (rule_id, version, body) VALUES ('surge', 2, %s) RETURNING 1",
        json.dumps(body),
    )
    link = connect(world.url, "console")
    delivery.put_recipients(link, {"desk": SLACK, "curious": SLACK | {"severity": "info"}})
    link.close()
    return world


def test_info_is_raised_and_told_only_to_who_asks(lenient: World) -> None:
    lenient.add(lenient.burst(5, NOON))
    lenient.run(NOON)
    assert (lenient.alert()["severity"], lenient.alert()["rule_version"]) == ("info", 2)
    assert [row["recipient"] for row in lenient.ask("SELECT * FROM delivery")] == ["curious"]


def test_what_rises_from_info_is_told_to_all(lenient: World) -> None:
    lenient.add(lenient.burst(5, NOON))
    lenient.run(NOON)
    lenient.add(lenient.burst(9, NOON + timedelta(minutes=2), minutes=20))
    lenient.run(NOON + timedelta(minutes=2))
    assert lenient.alert()["severity"] == "high"
    told = lenient.ask("SELECT recipient, kind FROM delivery ORDER BY due_at, recipient")
    assert [(row["recipient"], row["kind"]) for row in told] == [
        ("curious", "opened"),
        ("curious", "raised"),
        ("desk", "raised"),
    ]


def test_info_is_in_the_digest_of_who_asks_only() -> None:
    assert not parse("desk", SLACK).reads("info")
    assert parse("desk", SLACK | {"severity": "critical"}).reads("low")
    assert parse("curious", SLACK | {"severity": "info"}).reads("info")
