"""Kafka to PostgreSQL: poll ▸ decode ▸ score ▸ commit with the offsets ▸ wake the alerts run.

Trouble that passes is waited out (StoreUnavailable, BusUnavailable); a bad record is set aside (a
dead letter). Anything else is a bug and ends the process, whose records the next reads again.
"""

import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from pipeline.bus import BusUnavailable, Consumer, OffsetLost
from pipeline.messages import DEAD_TOPIC, RAW_TOPIC, RUNS_TOPIC
from pipeline.metrics import Outage, Watch
from pipeline.patience import waits
from pipeline.planning import build_batch, decode_all
from pipeline.records import Partition, Record, spans_of
from pipeline.scoring import Scorer
from pipeline.store.connection import Connection, StoreUnavailable
from pipeline.store.ingest import Checkpoint, Fenced, IngestStore, TopicRecreated
from pipeline.store.rows import MAX_CRASHES, Claim, Counts

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

TOPICS: Final = (RAW_TOPIC, DEAD_TOPIC, RUNS_TOPIC)
# Seconds between two signs of life when nothing comes.
_BEAT_S: Final = 10.0


@dataclass
class Progress:
    """What this process has done since it started."""

    counts: Counts = field(default_factory=Counts)
    batches: int = 0


@dataclass(frozen=True)
class Hooks:
    """What the loop calls outwards; tests put their own here."""

    # After a commit, outside its transaction: makes stories of one event one, and says how many
    # went into another; None where another process is at it.
    join: Callable[[Connection], int | None] = lambda _: 0
    # Then, where what is counted changed.
    wake: Callable[[], None] = lambda: None
    # Inside the commit: before_copy, copied, before_commit, after_commit.
    checkpoint: Checkpoint = lambda _: None
    # After every commit.
    report: Callable[[Progress], None] = lambda _: None
    # What the work is, stage by stage; after every commit and every beat that the process lives.
    watch: Watch = field(default_factory=Watch)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class _Stopped(Exception):
    """Asked to stop while waiting for the database: what was begun is not committed."""


class Worker:
    """One consumer process: its claims, its connection, its place in the group."""

    def __init__(
        self,
        consumer: Consumer,
        open_store: Callable[[], tuple[Connection, IngestStore]],
        scorer: Scorer,
        issuers: frozenset[str],
        hooks: Hooks | None = None,
        batch_size: int = 64,
        *,
        accept_gaps: bool = False,
    ) -> None:
        """`accept_gaps` goes on behind what the log no longer holds; the gap stays on record."""
        self._consumer = consumer
        self._accept_gaps = accept_gaps
        self._open_store = open_store
        self._link, self._store = open_store()
        self._scorer = scorer
        self._issuers = issuers
        self._hooks = hooks or Hooks()
        self._batch_size = batch_size
        self._claims: dict[Partition, Claim] = {}
        self._pending: deque[Record] = deque()
        # Records to be taken one by one, after two crashes in one batch.
        self._single: dict[Partition, int] = {}
        # What an attempt was last noted for: a batch tried again after an outage counts once.
        self._tried: dict[Partition, Claim] = {}
        # Whether there may be stories to compare, such as those of a process that died.
        self._uncompared = True
        self._stopping: Callable[[], bool] = lambda: False
        self.progress = Progress()

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping` says so; what is committed by then is complete."""
        self._stopping = stopping
        with contextlib.suppress(_Stopped):
            self._work()

    def _work(self) -> None:
        self._consumer.subscribe(TOPICS, self._assigned, self._revoked)
        # The first quiet moment beats: whoever started this process waits for that.
        beaten = -math.inf
        seconds = waits()
        while not self._stopping():
            try:
                worked = self._round()
            except BusUnavailable as error:
                self._wait("kafka", error, next(seconds))
                continue
            seconds = waits()
            if not worked and self._hooks.clock() - beaten > _BEAT_S:
                self._patiently(self._beat)
                beaten = self._hooks.clock()

    def close(self) -> None:
        """Leave the group and the database."""
        self._consumer.close()
        self._link.close()

    def _round(self) -> bool:
        if not self._pending:
            self._fetch()
        records = self._next_records() if self._pending else []
        changed = self._patiently(lambda: self._process(records))
        if self._uncompared or changed:
            changed |= self._patiently(self._join)
        if changed:
            self._hooks.wake()
        return bool(records)

    def _fetch(self) -> None:
        try:
            with self._hooks.watch.stage("fetch"):
                polled = self._consumer.poll(0.5, self._batch_size)
            self._hooks.watch.lagging(self._consumer.lag())
        except OffsetLost as lost:
            for partition, offset in lost.partitions.items():
                self._lost(partition, offset)
            return
        # The group says these are ours, but a commit was fenced since: claim them again.
        for partition in {item.partition for item in polled} - set(self._claims):
            start = self._claim(partition)
            if start is not None:
                self._consumer.seek(partition, start)
            else:
                self._consumer.pause([partition])
            polled = [item for item in polled if item.partition != partition]
        self._pending.extend(polled)

    def _next_records(self) -> list[Record]:
        """A batch; a suspect partition's records come alone, so that a crash tells which it was."""
        head = self._pending[0].partition
        if head in self._single:
            self._single[head] -= 1
            if self._single[head] == 0:
                del self._single[head]
                self._claims[head] = replace(self._claims[head], attempts=0)
            return [self._pending.popleft()]
        taken: list[Record] = []
        while self._pending and len(taken) < self._batch_size:
            if self._pending[0].partition in self._single:
                break
            taken.append(self._pending.popleft())
        return taken

    def _join(self) -> bool:
        """Make stories of one event one, before the alerts run counts them."""
        with self._hooks.watch.stage("join"):
            joined = self._hooks.join(self._link)
        # Who has the turn instead need not have seen what this process committed.
        self._uncompared = joined is None
        self._hooks.watch.joined(joined or 0)
        return bool(joined)

    def _process(self, records: Sequence[Record]) -> bool:
        """Whether what is counted changed."""
        # A rebalance may have taken a partition while its records waited; a truncated or repeated
        # fetch must not be written twice either.
        due = [item for item in records if self._is_due(item)]
        if not due:
            return False
        spans = spans_of(due)
        claims = {partition: self._claims[partition] for partition in spans}
        fresh = {key: claim for key, claim in claims.items() if self._tried.get(key) != claim}
        self._store.attempt(fresh.values())
        self._tried.update(fresh)
        decoded = decode_all(due, claims)
        watch = self._hooks.watch
        with watch.stage("look_up"):
            stored = self._store.articles(article.article_id for _, article in decoded.articles)
        with watch.stage("score"):
            batch = build_batch(claims, spans, decoded, stored, self._scorer, self._issuers)
        try:
            with watch.stage("write"):
                committed = self._store.commit(batch, self._hooks.checkpoint)
        except Fenced as fenced:
            _log.warning("lost a partition to another consumer: %s", fenced)
            self._drop(claims)
            self._patiently(lambda: self._store.spare(claims.values()))
            return False
        self._claims.update(
            {key: claim for key, claim in committed.claims.items() if key in self._claims}
        )
        self.progress.counts += committed.counts
        self.progress.batches += 1
        watch.committed(committed.counts.by_outcome(), (row.stage for row in batch.dead))
        self._hooks.report(self.progress)
        watch.alive()
        return bool(batch.revisions or batch.canaries)

    def _is_due(self, record: Record) -> bool:
        claim = self._claims.get(record.partition)
        return claim is not None and record.offset >= claim.next_offset

    def _drop(self, claims: dict[Partition, Claim]) -> None:
        """Somebody else claimed one of these, or our own commit went unheard.

        What the group still gives us is read, and claimed, anew.
        """
        self._revoked(list(claims))
        for partition, claim in claims.items():
            self._consumer.seek(partition, claim.next_offset)

    def _assigned(self, partitions: list[Partition]) -> dict[Partition, int | None]:
        return {partition: self._claim(partition) for partition in partitions}

    def _claim(self, partition: Partition) -> int | None:
        try:
            claim = self._patiently(lambda: self._store.claim(partition))
        except TopicRecreated:
            if not self._accept_gaps:
                return None
            # What the deleted topic held is gone; the new one is read from its beginning.
            self._patiently(lambda: self._store.accept_gap(partition, 0))
            claim = self._patiently(lambda: self._store.claim(partition))
        self._claims[partition] = claim
        if claim.attempts >= MAX_CRASHES - 1:
            _log.warning("%s-%d: record by record", partition.topic, partition.number)
            self._single[partition] = self._batch_size
        return claim.next_offset

    def _revoked(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            self._claims.pop(partition, None)
        gone = set(partitions)
        self._pending = deque(item for item in self._pending if item.partition not in gone)

    def _lost(self, partition: Partition, offset: int) -> None:
        """Stop the partition, or go on with the oldest record where gaps are accepted."""
        cause = "the log no longer holds this offset"
        self._patiently(lambda: self._store.record_gap(partition, offset, cause))
        if not self._accept_gaps:
            self._consumer.pause([partition])
            return
        oldest = self._consumer.oldest(partition)
        self._patiently(lambda: self._store.accept_gap(partition, oldest))
        self._claim(partition)
        self._consumer.seek(partition, oldest)

    def _beat(self) -> None:
        self._store.beat()
        self._uncompared = True
        self._hooks.watch.alive()

    def _patiently(self, work: Callable[[], _T]) -> _T:
        """Retry while the database is away; nothing is fetched meanwhile.

        After the group's longest poll interval the partitions go to another member, if there is
        one; whoever commits first fences the other. Raises _Stopped when asked to stop.
        """
        seconds = waits()
        while True:
            try:
                return work()
            except StoreUnavailable as error:
                if self._stopping():
                    raise _Stopped from error
                self._wait("postgres", error, next(seconds))
                self._reconnect()

    def _wait(self, part: Outage, error: Exception, seconds: float) -> None:
        _log.warning("%s; again in %.1f s", error, seconds)
        self._hooks.watch.waiting(part, str(error))
        self._hooks.sleep(seconds)

    def _reconnect(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            return self._store.beat()
        self._link.close()
        try:
            self._link, self._store = self._open_store()
        except StoreUnavailable as error:
            _log.warning("%s", error)
