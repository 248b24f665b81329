"""The loop retries what passes, gives up what another process owns, and skips nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import Mock

from pipeline.bus import BusUnavailable
from pipeline.consumer import Hooks, Worker
from pipeline.entities.linker import Linker
from pipeline.messages import RAW_TOPIC
from pipeline.metrics import Metrics, Watch
from pipeline.records import Partition, Record
from pipeline.scoring import Scorer
from pipeline.store.connection import StoreUnavailable
from pipeline.store.ingest import Fenced, TopicRecreated
from pipeline.store.rows import Batch, Claim, Committed, Counts
from tests.unit.pipeline.making import PARTITION, FakeRuntime, article, prediction, record


@dataclass
class Log:
    """One partition of Kafka, and who reads it where."""

    records: list[Record]
    position: int = 0
    paused: bool = False
    assigned: Any = None
    # What waits in `poll`.
    troubles: list[Exception] = field(default_factory=list)

    def subscribe(self, _topics: Any, assigned: Any, _revoked: Any) -> None:
        self.assigned = assigned

    def poll(self, _timeout_s: float, most: int) -> list[Record]:
        if self.troubles:
            raise self.troubles.pop()
        if self.assigned:
            start = self.assigned([PARTITION])[PARTITION]
            self.paused, self.position, self.assigned = start is None, start or 0, None
        due = [] if self.paused else self.records[self.position : self.position + most]
        self.position += len(due)
        return due

    def seek(self, _partition: Partition, offset: int) -> None:
        self.position = offset

    def pause(self, _partitions: Iterable[Partition]) -> None:
        self.paused = True

    def lag(self) -> dict[str, int]:
        return {RAW_TOPIC: len(self.records) - self.position}

    def close(self) -> None:
        pass


@dataclass
class Store:
    """The offsets, and the troubles that wait in `commit` and `claim`."""

    next_offset: int = 0
    attempts: int = 0
    epoch: int = 0
    troubles: list[Exception] = field(default_factory=list)
    # Offsets of each batch that was committed.
    batches: list[list[int]] = field(default_factory=list)

    @property
    def offsets(self) -> list[int]:
        return [offset for batch in self.batches for offset in batch]

    def claim(self, partition: Partition) -> Claim:
        self.epoch += 1
        return Claim(partition, self.next_offset, self.epoch, self.attempts)

    def attempt(self, claims: Iterable[Claim]) -> None:
        self.attempts += len(list(claims))

    def spare(self, claims: Iterable[Claim]) -> None:
        self.attempts -= len(list(claims))

    def articles(self, _ids: Iterable[str]) -> dict[str, Any]:
        return {}

    def beat(self) -> None:
        pass

    def commit(self, batch: Batch, checkpoint: Callable[[str], None]) -> Committed:
        if self.troubles:
            raise self.troubles.pop()
        first, following = batch.spans[PARTITION]
        claim = batch.claims[PARTITION]
        assert (first, claim.epoch) == (self.next_offset, self.epoch)
        self.next_offset, self.attempts = following, 0
        self.batches.append(list(range(first, following)))
        moved = replace(claim, next_offset=following, attempts=0)
        return Committed(Counts(scored=following - first), {PARTITION: moved})


class Driven:
    """A worker over ten records, in batches of four, until nothing more comes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.log = Log([record(article(f"Bank loss {n}"), n) for n in range(10)])
        self.slept: list[float] = []
        scorer = Scorer(FakeRuntime(lambda _: prediction("negative")), Linker([]))
        hooks = Hooks(
            join=Mock(return_value=0), wake=Mock(), watch=Watch(), sleep=self.slept.append
        )
        self.join = hooks.join
        self.wake = hooks.wake
        self.alive = hooks.watch.alive = Mock()  # type: ignore[method-assign]
        self.worker = Worker(
            self.log,  # type: ignore[arg-type]
            lambda: (Mock(closed=0), store),  # type: ignore[arg-type,return-value]
            scorer,
            frozenset(),
            hooks,
            4,
        )

    def run(self) -> "Driven":
        rounds = iter(range(30))
        self.worker.run(lambda: next(rounds, None) is None)
        return self


def test_every_record_is_committed_once_and_in_order() -> None:
    driven = Driven(Store()).run()
    assert driven.store.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert driven.worker.progress.counts.records == 10


def test_reading_goes_on_where_the_database_stands() -> None:
    assert Driven(Store(next_offset=6)).run().store.batches == [[6, 7, 8, 9]]


def test_the_alerts_run_is_woken_after_each_commit() -> None:
    driven = Driven(Store()).run()
    assert driven.wake.call_count == 3  # type: ignore[attr-defined]


def test_a_sign_of_life_is_given_for_each_commit_and_when_nothing_comes() -> None:
    driven = Driven(Store()).run()
    assert driven.alive.call_count == 3 + 1


def test_no_sign_of_life_is_given_while_the_database_is_away() -> None:
    store = Store()
    store.commit = store.beat = Mock(  # type: ignore[method-assign]
        side_effect=StoreUnavailable("away")
    )
    driven = Driven(store)
    driven.worker.run(lambda: len(driven.slept) == 5)
    driven.alive.assert_not_called()


def test_a_database_that_is_away_is_waited_for_ever_longer() -> None:
    driven = Driven(Store(troubles=[StoreUnavailable("away")] * 7)).run()
    assert driven.slept == [0.5, 1, 2, 4, 8, 15, 15]
    assert driven.store.offsets == list(range(10))


def test_a_broker_that_is_away_is_waited_for_as_well() -> None:
    driven = Driven(Store())
    driven.log.troubles = [BusUnavailable("away")] * 3
    driven.run()
    assert driven.slept == [0.5, 1, 2]
    assert driven.store.offsets == list(range(10))


def test_a_batch_lost_to_a_fence_is_claimed_and_read_again() -> None:
    driven = Driven(Store(troubles=[Fenced("epoch 1")])).run()
    assert driven.store.epoch == 2
    assert driven.store.offsets == list(range(10))


def test_losing_a_partition_again_and_again_is_no_crash() -> None:
    driven = Driven(Store(troubles=[Fenced(f"epoch {n}") for n in range(9)])).run()
    assert driven.store.batches[0] == [0, 1, 2, 3]
    assert driven.worker.progress.counts.scored == 10


def test_an_outage_in_a_batch_counts_as_one_attempt() -> None:
    store = Store(troubles=[StoreUnavailable("away")] * 5)
    noted = []
    note = store.attempt
    store.attempt = lambda claims: noted.extend(claims) or note([])
    Driven(store).run()
    assert [claim.next_offset for claim in noted] == [0, 4, 8]


def test_after_two_crashes_records_are_taken_one_by_one() -> None:
    batches = Driven(Store(attempts=2)).run().store.batches
    assert batches[:4] == [[0], [1], [2], [3]]
    assert batches[4:] == [[4, 5, 6, 7], [8, 9]]


def test_a_topic_made_again_is_not_read() -> None:
    store = Store()
    store.claim = Mock(side_effect=TopicRecreated(PARTITION))  # type: ignore[method-assign]
    driven = Driven(store).run()
    assert driven.log.paused
    assert store.batches == []


def test_stories_are_joined_after_each_commit_and_before_the_alerts_run_is_woken() -> None:
    driven, told = Driven(Store()), Mock()
    told.attach_mock(driven.join, "join")
    told.attach_mock(driven.wake, "wake")
    driven.run()
    names = [call[0] for call in told.mock_calls]
    assert names[:6] == ["join", "wake"] * 3


def test_a_turn_that_another_process_has_is_asked_for_again() -> None:
    driven = Driven(Store())
    driven.join.side_effect = [0, 0, None, None, 2, *[0] * 30]  # type: ignore[attr-defined]
    driven.run()
    # Nothing new came, but what went together must be counted.
    assert driven.wake.call_count == 4  # type: ignore[attr-defined]


def test_a_join_that_fails_is_tried_again_and_its_batch_is_not() -> None:
    driven = Driven(Store())
    driven.join.side_effect = [StoreUnavailable("away"), *[0] * 30]  # type: ignore[attr-defined]
    driven.run()
    assert driven.store.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert driven.wake.call_count == 3  # type: ignore[attr-defined]


def test_every_stage_of_the_work_is_told() -> None:
    driven = Driven(Store(troubles=[StoreUnavailable("away")]))
    metrics = Metrics(FakeRuntime(lambda _: prediction("neutral")))
    driven.worker._hooks = replace(driven.worker._hooks, watch=metrics)
    driven.run()
    told = metrics.registry.get_sample_value
    assert told("tocsin_records_total", {"outcome": "scored"}) == 10
    assert told("tocsin_stage_seconds_count", {"stage": "score"}) == 4
    assert told("tocsin_stage_seconds_count", {"stage": "join"}) >= 3
    assert told("tocsin_outages_total", {"part": "postgres"}) == 1
    assert told("tocsin_lag_records", {"topic": RAW_TOPIC}) == 0
    assert metrics.health()[1]["state"] == "idle"
