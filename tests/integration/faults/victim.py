"""A consumer process to which something happens; the tests start it from a fork server."""

import os
import random
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.mentions import Spans
from models.runtime.loading import load_runtime
from models.runtime.protocol import Prediction, Runtime
from pipeline import language
from pipeline.bus import Consumer
from pipeline.consumer import Hooks, Worker
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.joining import Joiner
from pipeline.metrics import Stage, Watch
from pipeline.records import Partition, Record
from pipeline.scoring import Scorer
from pipeline.settings import ROOT, Device
from pipeline.store import catalog
from pipeline.store.connection import Connection, connect
from pipeline.store.ingest import IngestStore
from pipeline.store.rows import Claim

ISSUERS = ROOT / "demo" / "newswire" / "issuers.csv"

# Where a process can be struck, in the order in which a batch comes by.
POINTS = (
    "claimed",
    "fetched",
    "attempted",
    "looked_up",
    "scoring",
    "scored",
    "before_copy",
    "copied",
    "before_commit",
    "committing",
    "after_commit",
    "woken",
)

# Loading the language models takes seconds: once in the fork server, not in every process.
language.detect("A sentence in English, so that the models are loaded.")


@dataclass(frozen=True)
class Order:
    """Where a process works, and what happens to it."""

    bootstrap: str
    database_url: str
    # One of POINTS; None: nothing happens.
    strike_at: str | None = None
    # The how-manieth time it comes there, from 1.
    strike_time: int = 1
    strike_with: signal.Signals = signal.SIGKILL
    # A text that holds this kills the process when it is scored.
    deadly: str | None = None
    batch_size: int = 8
    device: Device = "stub"
    base_cache: Path = Path("/nonexistent")


def work(order: Order) -> None:
    """Consume until TERM, or until the process is struck."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    passes = _Strike(order)
    consumer = _Consumer(order.bootstrap, passes)

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(order.database_url, "ingest")
        return link, _Store(link, consumer.cluster_id, passes)

    runtime = load_runtime(order.device, ROOT / "models" / "shipped", order.base_cache)
    issuers = read_issuers([ISSUERS])
    link = connect(order.database_url, "ingest")
    catalog.put_issuers(link, issuers)
    catalog.register_model(link, runtime.model_id, runtime.weights_digest, {})
    link.close()
    worker = Worker(
        consumer,
        open_store,
        Scorer(_Runtime(runtime, passes, order.deadly), Linker(issuers)),
        frozenset(item.entity_id for item in issuers if item.kind == "issuer"),
        Hooks(Joiner(passes).join, lambda: passes("woken"), passes, watch=_Watch(passes)),
        order.batch_size,
    )
    worker.run(stop.is_set)
    worker.close()


class _Strike:
    """Told of every point that the work comes by."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._seen = 0

    def __call__(self, point: str) -> None:
        if point == "before_commit":
            self._later()
        if point != self._order.strike_at:
            return
        self._seen += 1
        if self._seen == self._order.strike_time:
            os.kill(os.getpid(), self._order.strike_with)

    def _later(self) -> None:
        """The commit itself is within the client's library: it is struck from aside."""
        if self._order.strike_at == "committing":
            delay = random.Random(f"{self._order} {self._seen}").uniform(0, 0.004)
            threading.Timer(delay, self, ("committing",)).start()


class _Consumer(Consumer):
    def __init__(self, bootstrap: str, passes: Callable[[str], None]) -> None:
        super().__init__(bootstrap, session_s=4.0)
        self._passes = passes

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        polled = super().poll(timeout_s, max_records)
        if polled:
            self._passes("fetched")
        return polled


class _Store(IngestStore):
    def __init__(self, link: Connection, cluster_id: str, passes: Callable[[str], None]) -> None:
        super().__init__(link, cluster_id, f"pid {os.getpid()}")
        self._passes = passes

    def claim(self, partition: Partition) -> Claim:
        claim = super().claim(partition)
        self._passes("claimed")
        return claim


class _Watch(Watch):
    def __init__(self, passes: Callable[[str], None]) -> None:
        self._passes = passes

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        if name == "look_up":
            self._passes("attempted")
        yield
        self._passes({"look_up": "looked_up", "score": "scored"}.get(name, name))


class _Runtime:
    """The model, until a deadly text comes."""

    def __init__(self, model: Runtime, passes: Callable[[str], None], deadly: str | None) -> None:
        self._model, self._passes, self._deadly = model, passes, deadly

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        if self._deadly is not None and any(self._deadly in text for text in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        found = self._model.score(texts, mentions)
        self._passes("scoring")
        return found
