"""Partitions that change hands: zombies, slow models, consumers that come and go."""

import itertools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.mentions import Spans
from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from pipeline.entities.linker import Linker
from pipeline.scoring import Scorer
from tests.integration.consuming import Message, send, wait_until, working
from tests.integration.faults import victim
from tests.integration.faults.conftest import Churn
from tests.integration.faults.ledger import PATIENCE_S, Ledger, ask, outcomes, total
from tests.integration.faults.processes import asking, dead, parts, running, sending
from tests.integration.ingest import world
from tests.integration.ingest.batches import ISSUERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EPOCHS = "SELECT min(epoch), max(epoch) FROM kafka_offset WHERE topic = 'news.raw.v1'"


@pytest.mark.parametrize("point", ["scored", "before_commit"])
def test_a_zombie_that_wakes_up_writes_nothing(
    point: str, seed: int, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(seed)
    healthy = victim.Order(fresh_kafka, fresh_database)
    sleeper = victim.Order(fresh_kafka, fresh_database, strike_at=point, strike_with=signal.SIGSTOP)
    send(fresh_kafka, expected.messages)
    with asking(fresh_database) as link, running(sleeper) as zombie:
        wait_until(lambda: _stopped(zombie.pid), "it was not stopped")
        with running(healthy):
            # Within a transaction it holds the rows that the next owner must have, until
            # PostgreSQL ends its session.
            wait_until(lambda: total(link) >= len(expected.messages), "it blocks", PATIENCE_S)
            before = outcomes(link)
            assert zombie.pid is not None
            os.kill(zombie.pid, signal.SIGCONT)
            # It finds out, takes part again, and changes nothing.
            time.sleep(6)
            assert not dead(zombie)
            assert outcomes(link) == before
        ledger.check(f"a zombie owner wakes up: {point.replace('_', ' ')}", link, expected)


def _stopped(pid: int | None) -> bool:
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


class Slow(StubRuntime):
    """Takes long for its first batch."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.began = threading.Event()

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        if not self.began.is_set():
            self.began.set()
            time.sleep(self._seconds)
        return super().score(texts, mentions)


def test_a_model_slower_than_the_poll_interval_loses_its_partitions_only(
    fresh_kafka: str, fresh_database: str, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    expected, slow = world.build(1), Slow(12)
    send(fresh_kafka, expected.messages)
    scorer = Scorer(slow, Linker(ISSUERS))
    with (
        asking(fresh_database) as link,
        caplog.at_level(logging.WARNING, "pipeline.consumer"),
        working(fresh_kafka, fresh_database, scorer=scorer, max_poll_s=3, owner="slow"),
    ):
        assert slow.began.wait(20)
        with working(fresh_kafka, fresh_database, owner="quick"):
            wait_until(lambda: "lost a partition to another consumer" in caplog.text)
        ledger.check("inference longer than the poll interval", link, expected)


def test_consumers_come_and_go(
    churn: Churn, fresh_kafka: str, fresh_database: str, ledger: Ledger
) -> None:
    expected = world.build(0, stories=240)
    order = victim.Order(fresh_kafka, fresh_database)
    ends = time.monotonic() + churn.lasts
    portions = list(parts(expected))
    pause = churn.lasts / len(portions)
    with (
        asking(fresh_database) as link,
        sending(fresh_kafka) as send_some,
        ThreadPoolExecutor(1) as aside,
        running(order),
    ):
        news = aside.submit(_trickle, send_some, portions, pause)
        for rounds in itertools.count(1):
            with running(order) as guest:
                time.sleep(churn.every)
                # Every other one goes without a word.
                if rounds % 2:
                    guest.kill()
            if time.monotonic() > ends:
                break
        news.result(churn.lasts)
        ledger.check(f"consumers join and leave every {churn.every:g} s", link, expected)
        assert ask(link, EPOCHS)[1] > 2


def _trickle(
    send_some: Callable[[list[Message]], int], portions: Sequence[list[Message]], pause: float
) -> None:
    for portion in portions:
        send_some(portion)
        time.sleep(pause)
