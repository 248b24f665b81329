"""A consumer process that can be told where to die; the tests start it from a fork server."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.runtime.loading import load_runtime
from pipeline import language
from pipeline.bus import Consumer
from pipeline.consumer import Hooks, Worker
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.scoring import Scorer
from pipeline.settings import ROOT, Device
from pipeline.store import catalog
from pipeline.store.connection import Connection, connect
from pipeline.store.ingest import IngestStore

ISSUERS = ROOT / "demo" / "newswire" / "issuers.csv"

# Loading the language models takes seconds: once in the fork server, not in every process.
language.detect("A sentence in English, so that the models are loaded.")


@dataclass(frozen=True)
class Order:
    """Where a process works and where it dies."""

    bootstrap: str
    database_url: str
    # before_copy, before_commit or after_commit; None: never.
    kill_at: str | None = None
    # At which batch, from 1.
    kill_batch: int = 1
    batch_size: int = 8
    device: Device = "stub"
    base_cache: Path = Path("/nonexistent")


def work(order: Order) -> None:
    """Consume until TERM, or until the process kills itself."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    consumer = Consumer(order.bootstrap, session_s=4.0)

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(order.database_url, "ingest")
        return link, IngestStore(link, consumer.cluster_id, f"pid {os.getpid()}")

    runtime = load_runtime(order.device, ROOT / "models" / "shipped", order.base_cache)
    issuers = read_issuers([ISSUERS])
    link = connect(order.database_url, "ingest")
    catalog.put_issuers(link, issuers)
    catalog.register_model(link, runtime.model_id, runtime.weights_digest, {})
    link.close()
    worker = Worker(
        consumer,
        open_store,
        Scorer(runtime, Linker(issuers)),
        frozenset(item.entity_id for item in issuers if item.kind == "issuer"),
        Hooks(checkpoint=_killer(order)),
        order.batch_size,
    )
    worker.run(stop.is_set)
    worker.close()


def _killer(order: Order) -> Callable[[str], None]:
    seen = 0

    def checkpoint(name: str) -> None:
        nonlocal seen
        seen += name == order.kill_at
        if name == order.kill_at and seen == order.kill_batch:
            os.kill(os.getpid(), signal.SIGKILL)

    return checkpoint
