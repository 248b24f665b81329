"""Posting: one look-up, one limit of time, a limit of size, and what an answer means."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.alerts.delivery.post import Answer, Post, judge
from pipeline.netguard import Guard

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Takes one connection on the port that is given, and serves it so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def work() -> None:
            link, _ = listener.accept()
            with closing(link), suppress(OSError):  # the client leaves, as it should
                serve(link)

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def post_to(port: int, look_up: Any = socket.getaddrinfo, timeout_s: float = 0.5) -> Answer:
    url = f"http://hooks.example:{port}/secret-path"
    post = Post(Guard([f"http://hooks.example:{port}"], look_up), timeout_s)
    return post(url, b"{}", {})


def here(*asked: Any, **_: Any) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", asked[1]))]


def test_a_name_is_looked_up_once_and_what_was_found_is_connected_to() -> None:
    heard: list[bytes] = []
    asked: list[Any] = []

    def serve(link: socket.socket) -> None:
        heard.append(link.recv(65_536))
        link.sendall(OK)

    def look_up(*args: Any, **kwargs: Any) -> list[Any]:
        asked.append(args)
        return here(*args)

    with server(serve) as port:
        assert post_to(port, look_up).body == b"ok"
    assert len(asked) == 1
    assert b"host: hooks.example" in heard[0].lower()


def test_an_answer_that_comes_byte_by_byte_holds_nobody() -> None:
    def drip(link: socket.socket) -> None:
        link.recv(65_536)
        for byte in OK:
            link.sendall(bytes([byte]))
            time.sleep(0.1)

    began = time.monotonic()
    with server(drip) as port, pytest.raises(RetryLater, match="did not answer within") as error:
        post_to(port, here)
    assert time.monotonic() - began < 3
    assert "secret-path" not in str(error.value)


def test_an_answer_without_end_is_cut() -> None:
    def flood(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.sendall(b"x" * 65_536)

    with server(flood) as port:
        assert len(post_to(port, here, timeout_s=5).body) == 65_536


def test_what_is_no_http_is_tried_again() -> None:
    def nonsense(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(b"what?\r\n\r\n")

    with server(nonsense) as port, pytest.raises(RetryLater):
        post_to(port, here)


@pytest.mark.parametrize(
    "url", ["ftp://hooks.example/secret", "secret", "https://", "https://[::1"]
)
def test_what_is_no_address_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(Refused) as error:
        Post(Guard([]))(url, b"", {})
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"retry-after": "30"}, timedelta(seconds=30)),
        (503, {"retry-after": "Wed, 04 Mar 2026 12:02:00 GMT"}, timedelta(minutes=2)),
        (503, {"retry-after": "Wed, 04 Mar 2026 11:00:00 GMT"}, timedelta(0)),
        (429, {"retry-after": "99999999"}, timedelta(hours=1)),
        (500, {"retry-after": "soon"}, None),
        (408, {}, None),
    ],
)
def test_what_passes_is_told_with_the_time_that_was_asked_for(
    status: int, headers: dict[str, str], after: timedelta | None
) -> None:
    with pytest.raises(RetryLater) as error:
        judge(Answer(status, headers, b""), NOW)
    assert error.value.after == after


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 410, 413])
def test_what_stays_is_refused(status: int) -> None:
    with pytest.raises(Refused, match=f"HTTP {status} no"):
        judge(Answer(status, {}, b"no\r\n\x1b[31m"), NOW)


def test_an_answer_is_quoted_on_one_line_and_not_at_length() -> None:
    said = Answer(400, {}, ("a\n\x1b" * 400 + "\u202e").encode()).said
    assert said.startswith("a a a")
    assert len(said) == 200
    assert said.replace("…", "").isprintable()
