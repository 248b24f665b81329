"""HTTP to services that somebody else's words are sent to: public addresses only, no redirects.

A name is resolved once, by `netguard`, and what is connected to is an address that it let pass.
"""

import json
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpcore

from pipeline.alerts.delivery.failures import Refused, RetryLater
from pipeline.netguard import AddressRefused, Guard, origin
from pipeline.wording.text import cut

# Services answer in a few hundred bytes; nobody may keep us reading.
_LONGEST_ANSWER: Final = 65_536
_QUOTED: Final = 200
# Nothing that a service asks for keeps a message back longer.
_LONGEST_PAUSE: Final = timedelta(hours=1)
# Too many requests, not ready, not now.
_LATER: Final = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Answer:
    """What a service said. `headers` by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> str:
        """The beginning of its words, on one line."""
        text = self.body[: 4 * _QUOTED].decode("utf-8", "replace")
        return cut(" ".join("".join(c if c.isprintable() else " " for c in text).split()), _QUOTED)

    def fields(self) -> dict[str, Any]:
        """The JSON object it said; empty where it said none."""
        with suppress(ValueError):
            found = json.loads(self.body)
            if isinstance(found, dict):
                return found
        return {}

    def wait(self, now: datetime) -> timedelta | None:
        """How long Retry-After asks to wait, an hour at most."""
        asked = self.headers.get("retry-after", "").strip()
        if asked.isdecimal():
            return pause(int(asked))
        with suppress(ValueError):
            until = parsedate_to_datetime(asked)
            return pause((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
        return None


def pause(seconds: float) -> timedelta:
    """So many seconds, none below zero and an hour at most."""
    return timedelta(seconds=min(max(0.0, seconds), _LONGEST_PAUSE.total_seconds()))


def judge(answer: Answer, now: datetime) -> Answer:
    """The answer, where its status says that all is well. Raises RetryLater, Refused.

    A redirect is not followed: it would take the message where nobody meant it to go.
    """
    if 200 <= answer.status < 300:
        return answer
    said = f"HTTP {answer.status} {answer.said}".rstrip()
    if answer.status in _LATER or answer.status >= 500:
        raise RetryLater(said, answer.wait(now))
    raise Refused(said)


class Post:
    """Posts one body and reads one answer."""

    def __init__(self, guard: Guard, timeout_s: float = 10.0) -> None:
        # For everything together, from looking the name up to the last byte.
        self._timeout_s = timeout_s
        self.guard = guard
        self._tls = ssl.create_default_context()

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What the service answered, whatever its status. Raises RetryLater, Refused.

        No error names more of the address than its origin: the rest may be a secret.
        """
        try:
            where = origin(url)
        except AddressRefused as error:
            raise Refused(str(error)) from None
        try:
            self.guard.check(url)
            if not where.startswith("https:") and not self.guard.allows(url):
                raise Refused(f"{where} is not https")
            return self._exchange(url, body, headers)
        except AddressRefused as error:
            raise Refused(f"{error} (see TOCSIN_NOTIFY_ALLOW_ORIGINS)") from None
        except (httpcore.TimeoutException, TimeoutError):
            raise RetryLater(f"{where} did not answer within {self._timeout_s:g} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise RetryLater(f"{where}: {error or type(error).__name__}") from None
        except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
            raise Refused(f"{where}: the address cannot be used") from None

    def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        limit = time.monotonic() + self._timeout_s
        network = _Guarded(self.guard, limit)
        sent = {"user-agent": "tocsin", **headers}
        pieces: list[bytes] = []
        with (
            httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
        ):
            for piece in answer.iter_stream():
                pieces.append(piece)
                if sum(map(len, pieces)) > _LONGEST_ANSWER:
                    break
            return Answer(
                answer.status,
                {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in answer.headers},
                b"".join(pieces)[:_LONGEST_ANSWER],
            )


class _Guarded(httpcore.NetworkBackend):
    """Connects to an address that the guard lets pass, and waits for nothing beyond its limit."""

    def __init__(self, guard: Guard, limit: float) -> None:
        self._guard = guard
        self._limit = limit
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = self._guard.getaddrinfo(host, port)
        if not found:
            raise httpcore.ConnectError(f"{host} has no address")
        address = str(found[0][4][0])
        stream = self._plain.connect_tcp(
            address, port, _left(self._limit), local_address, socket_options
        )
        return _Timed(stream, self._limit)


class _Timed(httpcore.NetworkStream):
    """A connection whose every step ends by one limit, so that no drip of bytes holds us."""

    def __init__(self, stream: httpcore.NetworkStream, limit: float) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._limit))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._limit))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._limit))
        return _Timed(secured, self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(limit: float) -> float:
    left = limit - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
