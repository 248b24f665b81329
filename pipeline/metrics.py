"""What a consumer tells of its work: figures for Prometheus, and whether it is stuck."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager as Context
from contextlib import contextmanager, nullcontext
from typing import Any, Final, Literal, Protocol
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

Stage = Literal["fetch", "look_up", "score", "write", "join"]
Outage = Literal["kafka", "postgres"]
State = Literal["starting", "idle", "working", "waiting", "stuck"]

# Without a sign of life for so long, a process that waits for nothing is stuck; a beat comes every
# 10 s, and the slowest batch takes less.
_STUCK_S: Final = 120.0
_SECONDS: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
_RECORDS: Final = (1, 4, 16, 64, 256, 1_024)


class Reader(Protocol):
    """What a classifier tells of its reading; see models.runtime.protocol.Runtime."""

    model_id: str

    def read(self) -> tuple[int, int]:
        """Tokens read, and tokens computed with the padding, since the start."""
        ...


class Watch:
    """What the consumer's loop tells; this one listens to nothing."""

    def stage(self, name: Stage) -> Context[None]:
        """Everything within is that stage of the work."""
        return nullcontext()

    def lagging(self, lag: Mapping[str, int]) -> None:
        """So many records of each topic are not read yet."""

    def committed(self, outcomes: Mapping[str, int], dead_stages: Iterable[str]) -> None:
        """A batch is written: its outcomes, and the stage at which each dead letter died."""

    def joined(self, stories: int) -> None:
        """So many stories went into another one that reports the same event."""

    def waiting(self, part: Outage, cause: str) -> None:
        """Kafka or the database is away."""

    def alive(self) -> None:
        """The process works, and the database answers it."""


class Metrics(Watch):
    """Keeps the figures of one consumer and serves them."""

    def __init__(
        self,
        reader: Reader,
        clock: Callable[[], float] = time.monotonic,
        sign: Callable[[], None] = lambda: None,
    ) -> None:
        """`sign` is called whenever the process shows that it lives."""
        self._clock, self._sign = clock, sign
        self._born = self._seen = clock()
        self._state: State = "starting"
        self._cause = ""
        self._away: set[Outage] = set()
        self.registry = CollectorRegistry()
        every: Any = {"registry": self.registry}
        self._stages = Histogram(
            "tocsin_stage_seconds", "Time of a batch by stage", ["stage"], buckets=_SECONDS, **every
        )
        self._batches = Histogram(
            "tocsin_batch_records", "Records of a batch", buckets=_RECORDS, **every
        )
        self._outcomes = Counter(
            "tocsin_records", "Records by what became of them", ["outcome"], **every
        )
        self._dead = Counter("tocsin_dead_letters", "Dead letters by stage", ["stage"], **every)
        self._joined = Counter(
            "tocsin_stories_joined", "Stories that went into another by their vectors", **every
        )
        self._lag = Gauge("tocsin_lag_records", "Records not read yet", ["topic"], **every)
        self._outages = Counter("tocsin_outages", "Times a part was away", ["part"], **every)
        model = Gauge("tocsin_model_info", "The model that scores", ["model_id"], **every)
        model.labels(reader.model_id).set(1)
        self.registry.register(_Reading(reader))

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time what is within."""
        # These come in quiet moments too.
        if name not in {"fetch", "join"}:
            self._state = "working"
        with self._stages.labels(name).time():
            yield

    def lagging(self, lag: Mapping[str, int]) -> None:
        """Keep how many records of each topic are not read yet."""
        for topic, records in lag.items():
            self._lag.labels(topic).set(records)

    def committed(self, outcomes: Mapping[str, int], dead_stages: Iterable[str]) -> None:
        """Count what became of a batch."""
        self._batches.observe(sum(outcomes.values()))
        for outcome, records in outcomes.items():
            self._outcomes.labels(outcome).inc(records)
        for stage in dead_stages:
            self._dead.labels(stage).inc()

    def joined(self, stories: int) -> None:
        """Count stories that went into another one."""
        self._joined.inc(stories)

    def waiting(self, part: Outage, cause: str) -> None:
        """Keep that Kafka or the database is away, and why."""
        # However often the same work is tried again, it is one outage.
        if part not in self._away:
            self._outages.labels(part).inc()
        self._away.add(part)
        self._state, self._cause = "waiting", cause

    def alive(self) -> None:
        """Keep that the process works, and give the sign."""
        self._sign()
        self._state, self._cause, self._seen = "idle", "", self._clock()
        self._away.clear()

    def health(self) -> tuple[bool, dict[str, object]]:
        """Whether all is well, and what the process does."""
        silent = self._clock() - self._seen
        state: State = self._state
        if state in {"idle", "working"} and silent > _STUCK_S:
            state = "stuck"
        said: dict[str, object] = {"state": state, "silent_s": round(silent, 1)}
        if self._cause:
            said["cause"] = self._cause
        return state in {"idle", "working"}, said

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[int]:
        """Serve /metrics and /healthz meanwhile; gives the port. Raises OSError."""
        server = make_server(host, port, self._answer, ThreadingWSGIServer, _Quiet)
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = make_wsgi_app(self.registry)(environ, start)
            return answer
        if path != "/healthz":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Here are /metrics and /healthz.\n"]
        well, said = self.health()
        status = "200 OK" if well else "503 Service Unavailable"
        start(status, [("Content-Type", "application/json")])
        return [json.dumps(said).encode()]


class _Reading(Collector):
    """Asks the classifier when Prometheus asks."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def collect(self) -> Iterable[Metric]:
        tokens, computed = self._reader.read()
        yield CounterMetricFamily("tocsin_tokens_read", "Tokens of texts", value=tokens)
        yield CounterMetricFamily(
            "tocsin_tokens_padding", "Tokens computed that are padding", value=computed - tokens
        )


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A scrape every few seconds is no event."""
