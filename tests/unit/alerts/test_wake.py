"""Waking the alerts DAG: one event for many batches, and no harm where Airflow is away."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from pipeline import settings
from pipeline.wake import SCORES, Waker
from tests.fixtures.running import running

ASSETS = {"assets": [{"id": 3, "name": f"{SCORES}-old"}, {"id": 7, "name": SCORES}]}


class Airflow(BaseHTTPRequestHandler):
    """As much of the REST API as a waker sees."""

    posted: ClassVar[list[tuple[str, Any]]]
    failures: ClassVar[int]
    needs_token: ClassVar[bool]

    def do_GET(self) -> None:
        self._answer(200, ASSETS)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/auth/token":
            self._answer(201, {"access_token": body["password"].upper()})
        elif self.needs_token and self.headers.get("Authorization") != "Bearer SECRET":
            self._answer(401, {})
        elif self.failures:
            type(self).failures -= 1
            self._answer(503, {})
        else:
            self.posted.append((self.path, body))
            self._answer(200, {"id": 1})

    def _answer(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def airflow(failures: int = 0, needs_token: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """An API on a port of its own, and what was posted to it."""
    handler = type(
        "Handler",
        (Airflow,),
        {
            "posted": [],
            "failures": failures,
            "needs_token": needs_token,
        },
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with running(server):
        yield f"http://127.0.0.1:{server.server_port}", handler.posted


def waker(url: str | None, auth: tuple[str, str] | None = None) -> Waker:
    return Waker(replace(settings.load({}), airflow_url=url, airflow_auth=auth))


def arrived(posted: list[Any], count: int = 1) -> bool:
    deadline = time.monotonic() + 5
    while len(posted) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return len(posted) == count


def test_a_wake_posts_an_event_of_the_asset_by_its_name() -> None:
    with airflow() as (url, posted), waker(url) as awake:
        awake.wake()
        assert arrived(posted)
    assert posted == [("/api/v2/assets/events", {"asset_id": 7, "extra": {}})]


def test_many_batches_in_a_row_wake_it_once() -> None:
    with airflow() as (url, posted), waker(url) as awake:
        awake.wake()
        assert arrived(posted)
        for _ in range(50):
            awake.wake()
        assert arrived(posted, 2)


def test_it_signs_in_where_there_is_a_user() -> None:
    with airflow(needs_token=True) as (url, posted), waker(url, ("tocsin", "secret")) as awake:
        awake.wake()
        assert arrived(posted)


def test_a_failure_is_logged_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.wake._PAUSE_S", 0.05)
    with airflow(failures=3) as (url, posted), waker(url) as awake:
        awake.wake()
        assert arrived(posted)
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert [r.name for r in warnings] == ["pipeline.wake"]


def test_an_airflow_that_is_away_stops_nobody() -> None:
    started = time.monotonic()
    with waker("http://127.0.0.1:9") as awake:
        awake.wake()
    assert time.monotonic() - started < 3


def test_switched_off_it_does_nothing() -> None:
    with waker(None) as awake:
        awake.wake()
    assert not any(thread.name == "wake-alerts" for thread in threading.enumerate())
