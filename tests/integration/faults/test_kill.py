"""A consumer killed at any named point loses nothing and doubles nothing."""

import signal
from typing import Any

import pytest

from pipeline import settings
from tests.integration.consuming import wait_until
from tests.integration.faults import victim
from tests.integration.faults.ledger import PATIENCE_S, Ledger, ask, total
from tests.integration.faults.processes import (
    OWNERS,
    asking,
    dead,
    parts,
    running,
    sending,
)
from tests.integration.ingest import world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("point", victim.POINTS)
def test_a_killed_consumer_loses_nothing_and_doubles_nothing(
    point: str, kill_seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    order = {"strike_at": point, "strike_time": 1 + kill_seed % 3, "batch_size": 4}
    kill(fresh_kafka, fresh_database, ledger, world.build(kill_seed), **order)


def test_so_does_one_that_runs_the_shipped_model(
    fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    cache = settings.load().cache / "base"
    order = {"strike_at": "before_commit", "batch_size": 4, "device": "cpu", "base_cache": cache}
    kill(fresh_kafka, fresh_database, ledger, world.build(0, stories=12), **order)


def kill(bootstrap: str, url: str, ledger: Ledger, expected: world.World, **given: Any) -> None:
    """Two consumers, one of them doomed; what is stored must be what was sent."""
    doomed = victim.Order(bootstrap, url, **given)
    healthy = victim.Order(bootstrap, url, **{**given, "strike_at": None})
    with asking(url) as link, running(doomed) as first, running(healthy):
        # A machine that stands still for seconds puts the victim out of the group, and the other
        # would do all the work: nothing is sent before both own partitions, and never all at once.
        sent = 0
        with sending(bootstrap) as send:
            for part in parts(expected):
                wait_until(
                    lambda: dead(first) or ask(link, OWNERS) == (2,),
                    "two consumers did not share the partitions",
                    PATIENCE_S,
                )
                sent += send(part)
                wait_until(
                    lambda sent=sent: dead(first) or total(link) >= sent,
                    "records are missing",
                    PATIENCE_S,
                )
        wait_until(lambda: dead(first), "the victim did not die", PATIENCE_S)
        assert first.exitcode == -signal.SIGKILL
        with running(healthy):
            model = ", with the shipped model" if given.get("device") == "cpu" else ""
            ledger.check(f"killed: {given['strike_at'].replace('_', ' ')}{model}", link, expected)
