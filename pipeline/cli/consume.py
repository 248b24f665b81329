"""`tocsin consume`: score what arrives in Kafka and store it."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.errors import CommandError

if TYPE_CHECKING:
    from pipeline.metrics import Metrics


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("consume")(consume)


def consume(
    batch_size: Annotated[
        int, typer.Option(min=1, max=2_000, help="Articles scored and stored at once.")
    ] = 64,
    accept_gaps: Annotated[
        bool,
        typer.Option("--accept-gaps", help="Go on behind what Kafka lost; it stays on record."),
    ] = False,
    alive: Annotated[
        Path | None,
        typer.Option(help="Touch this file after every commit, and every 10 s when none comes."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Serve /metrics for Prometheus, and /healthz, there."
        ),
    ] = None,
) -> None:
    """Score the articles in Kafka and store them, until stopped by Ctrl-C or TERM.

    Any number of these may run; they share the partitions. One that dies loses nothing: the next
    begins at the last committed offset.
    """
    import logging
    import os
    import signal
    import socket
    import threading

    from models.runtime.loading import load_runtime
    from pipeline import settings
    from pipeline.alerts.watchman import Watchman
    from pipeline.bus import Consumer
    from pipeline.consumer import Hooks, Worker
    from pipeline.entities.linker import Linker
    from pipeline.entities.lists import read_issuers
    from pipeline.joining import Joiner
    from pipeline.metrics import Metrics
    from pipeline.retraining import champion
    from pipeline.scoring import Scorer
    from pipeline.store import catalog
    from pipeline.store.connection import Connection, connect
    from pipeline.store.ingest import IngestStore
    from pipeline.topics import ensure_topics
    from pipeline.wake import Waker

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    conf = settings.load()
    issuers = read_issuers(conf.issuer_files)
    runtime = load_runtime(conf.device, champion(conf), conf.cache / "base")
    ensure_topics(conf.kafka_bootstrap)
    consumer = Consumer(conf.kafka_bootstrap)
    owner = f"{socket.gethostname()}:{os.getpid()}"

    def open_store() -> tuple[Connection, IngestStore]:
        link = connect(conf.database_url, "ingest")
        return link, IngestStore(link, consumer.cluster_id, owner)

    with_catalog = connect(conf.database_url, "ingest")
    catalog.register_model(with_catalog, runtime.model_id, runtime.weights_digest, {})
    catalog.put_issuers(with_catalog, issuers)
    with_catalog.close()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    figures = Metrics(runtime, sign=alive.touch if alive else lambda: None)
    with Waker(conf) as waker, Watchman(conf), ExitStack() as serving:
        if metrics:
            _serve(figures, metrics, serving)
        worker = Worker(
            consumer,
            open_store,
            Scorer(runtime, Linker(issuers)),
            frozenset(item.entity_id for item in issuers if item.kind == "issuer"),
            Hooks(join=Joiner().join, wake=waker.wake, watch=figures),
            batch_size,
            accept_gaps=accept_gaps,
        )
        try:
            worker.run(stop.is_set)
        finally:
            worker.close()


def _serve(figures: "Metrics", address: str, until: ExitStack) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise CommandError(f"--metrics is {address!r}; write it like 127.0.0.1:19108.")
    try:
        until.enter_context(figures.served(host, int(port)))
    except OSError as error:
        raise CommandError(f"Nothing can be served at {address}: {error.strerror}.") from error
