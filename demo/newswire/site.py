"""The sample newswire over HTTP: five publishers, each on its own port of 127.0.0.1."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from demo.newswire.edition import Article, Version, load_articles, moment
from demo.newswire.faults import faults
from demo.newswire.lists import ROBOTS, lists
from demo.newswire.pages import Answer, Entry, Link, Page, article
from demo.newswire.publishers import HOST, PUBLISHERS, consecutive, origins

_NOT_FOUND: Final = Answer(status=404, body=b"<title>Not found</title><h1>Not found</h1>")
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Newswire:
    """What the five sites say at the moment that `clock` tells. Safe to ask from many threads."""

    def __init__(
        self,
        zero: datetime,
        clock: Callable[[], datetime],
        ports: Sequence[int] | None = None,
    ) -> None:
        """Bind the ports: the usual five by default, free ones for zeros.

        `zero` and what `clock` tells carry a time zone. Raises OSError where a port is taken.
        """
        self.zero = zero.replace(microsecond=0)
        self._clock = clock
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []
        try:
            for publisher_id, port in zip(PUBLISHERS, ports or consecutive(), strict=True):
                self._servers.append(_Server(self, publisher_id, port))
        except OSError:
            self.stop()
            raise
        self.ports = tuple(server.server_port for server in self._servers)
        self.origins = origins(self.ports)
        self.faults = faults(self.zero, self.origins)

    def start(self) -> None:
        """Answer in the background."""
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def serve(self) -> None:
        """Answer until another thread calls `stop`."""
        self.start()
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """Answer no more and free the ports."""
        for server in self._servers:
            if self._threads:
                server.shutdown()
            server.server_close()

    def answer(self, publisher_id: str, path: str) -> Answer:
        """What one publisher's site says to a GET of this path now."""
        now = self._clock()
        origin = self.origins[publisher_id]
        if path == "/robots.txt":
            return ROBOTS
        for fault in self.faults:
            if fault.entry.url == origin + path and fault.answer:
                return fault.answer
        return (
            self._article(publisher_id, path, now)
            or lists(publisher_id, path, self._entries(publisher_id, now), origin, self.zero)
            or _NOT_FOUND
        )

    def _article(self, publisher_id: str, path: str, now: datetime) -> Answer | None:
        printed = self._printed(publisher_id, now)
        for number, (item, version) in enumerate(printed):
            if item.path == path:
                before = printed[max(0, number - 4) : number]
                page = Page(
                    title=version.title,
                    paragraphs=version.paragraphs,
                    canonical=self.origins[publisher_id] + path,
                    published=item.published_at(self.zero),
                    modified=moment(self.zero, version),
                    author=item.author,
                    related=[Link(other.path, shown.title) for other, shown in before],
                )
                return article(publisher_id, page)
        return None

    def _printed(self, publisher_id: str, now: datetime) -> list[tuple[Article, Version]]:
        return [
            (item, version)
            for item in load_articles()
            if item.publisher == publisher_id
            and (version := item.version_at(self.zero, now)) is not None
        ]

    def _entries(self, publisher_id: str, now: datetime) -> list[Entry]:
        """Everything a publisher lists, newest first, what is undated last."""
        site = self.origins[publisher_id]
        listed = [
            Entry(
                site + item.path,
                version.title,
                item.published_at(self.zero),
                moment(self.zero, version),
            )
            for item, version in self._printed(publisher_id, now)
        ]
        listed += [fault.entry for fault in self.faults if fault.publisher == publisher_id]
        return sorted(listed, key=lambda entry: entry.published or _LONG_AGO, reverse=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, newswire: Newswire, publisher_id: str, port: int) -> None:
        self.newswire, self.publisher_id = newswire, publisher_id
        super().__init__((HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # Without it the last packet of an answer waits 40 ms for the reader's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        answer = self.server.newswire.answer(self.server.publisher_id, path)
        if answer.status == 200 and self._unchanged(answer):
            self._send(304, b"", answer)
        else:
            self._send(answer.status, answer.body, answer)

    def _unchanged(self, answer: Answer) -> bool:
        if known := self.headers["If-None-Match"]:
            return answer.etag in [part.strip() for part in known.split(",")]
        since = self.headers["If-Modified-Since"]
        if not since or answer.modified is None:
            return False
        try:
            return answer.modified <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False

    def _send(self, status: int, body: bytes, answer: Answer) -> None:
        self.send_response(status)
        if answer.location:
            self.send_header("Location", answer.location)
        if status in {200, 304}:
            self.send_header("ETag", answer.etag)
            if answer.modified:
                stamp = format_datetime(answer.modified.astimezone(UTC), usegmt=True)
                self.send_header("Last-Modified", stamp)
        if status != 304:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The live table shows what is crawled; a line a request would bury it."""
