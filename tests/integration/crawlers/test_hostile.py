"""Servers that mean harm: each costs its own source a little, and says so."""

import gzip
import socket
import time
from pathlib import Path

import pytest

from crawlers.download import MAX_HEAD_BYTES
from crawlers.settings import DOWNLOAD_MAXSIZE
from pipeline.messages import CrawlRun
from tests.integration.crawlers.hostile import (
    FEED,
    answer,
    certificate,
    endless_headers,
    serving,
)
from tests.integration.crawlers.world import World

pytestmark = pytest.mark.slow


def visit(world: World, origin: str) -> CrawlRun:
    """What a visit to a feed at this origin, which the operator allowed, comes to."""
    world.add_source("hostile", f"{origin}/rss.xml")
    world.allow.append(origin)
    crawled = world.crawl(source_ids=["hostile"])
    assert "Traceback" not in crawled.errors
    return crawled.runs["hostile"]


def test_headers_without_an_end_are_not_read_to_it(world: World) -> None:
    began = time.monotonic()
    with serving(endless_headers) as origin:
        run = visit(world, origin)
    assert time.monotonic() - began < 15
    assert run.status == "failed"
    assert f"more than {MAX_HEAD_BYTES} bytes of headers" in str(run.error)


def test_what_unpacks_without_an_end_is_not_unpacked_to_it(world: World) -> None:
    packed = gzip.compress(FEED + bytes(1 << 28), compresslevel=1)

    def bomb(_: str, asked: socket.socket) -> None:
        asked.sendall(answer(packed, "Content-Encoding: gzip"))

    with serving(bomb) as origin:
        run = visit(world, origin)
    assert run.status == "failed"
    assert str(DOWNLOAD_MAXSIZE) in str(run.error)


@pytest.mark.parametrize(
    ("days", "address", "cause"),
    [
        (10, "127.0.0.1", None),
        (-1, "127.0.0.1", "no trusted connection: certificate verify failed"),
        (10, "127.0.0.2", "no trusted connection: the certificate is another site's"),
    ],
    ids=["good", "expired", "another's"],
)
def test_only_a_server_that_proves_its_name_is_read(
    world: World, tmp_path: Path, days: int, address: str, cause: str | None
) -> None:
    def feed(_: str, asked: socket.socket) -> None:
        asked.sendall(answer(FEED))

    tls = certificate(tmp_path, days=days, address=address)
    world.environment["SSL_CERT_FILE"] = str(tmp_path / "ca.pem")
    with serving(feed, tls) as origin:
        run = visit(world, origin)
    assert run.status == ("failed" if cause else "ok")
    assert (cause or "") in str(run.error)


def test_no_source_reaches_what_was_allowed_for_another_or_sends_the_crawler_elsewhere(
    world: World,
) -> None:
    reached: list[str] = []

    def inside(path: str, asked: socket.socket) -> None:
        reached.append(path)
        asked.sendall(answer(FEED))

    with serving(inside) as allowed:

        def misleading(path: str, asked: socket.socket) -> None:
            if path == "/rss.xml":
                items = "<item><title>x</title><link>/page</link></item>"
                asked.sendall(answer(FEED.replace(b"</channel>", items.encode() + b"</channel>")))
            else:
                where = f"Location: {allowed}/delete-everything"
                asked.sendall(answer(b"", where, status="302 Found"))

        world.allow.append(allowed)
        with serving(misleading) as origin:
            run = visit(world, origin)
        assert (run.status, run.published, run.refused) == ("ok", 0, 1)
        with serving(lambda _, asked: misleading("/", asked)) as origin:
            run = visit(world, origin)
        assert run.status == "failed"
        assert "is not on the source's sites" in str(run.error)
    assert reached == []


FORBIDDEN = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("robots", "cause"),
    [
        (answer(FORBIDDEN), "robots.txt forbids it"),
        (answer(FORBIDDEN + b"# and so on\n" * 300_000), "robots.txt forbids it"),
        (answer(b"", status="503 Service Unavailable"), "robots.txt cannot be read: HTTP 503"),
        (b"this is no HTTP\r\n\r\n", "robots.txt cannot be read: "),
        (answer(FORBIDDEN, status="404 Not Found"), None),
    ],
    ids=["forbidden", "endless", "in trouble", "broken", "not there"],
)
def test_what_robots_txt_forbids_or_cannot_tell_is_not_asked_for(
    world: World, robots: bytes, cause: str | None
) -> None:
    reached: list[str] = []

    def feed(path: str, asked: socket.socket) -> None:
        reached.append(path)
        asked.sendall(answer(FEED))

    with serving(feed, robots=robots) as origin:
        run = visit(world, origin)
    assert run.status == ("failed" if cause else "ok")
    assert (cause or "") in str(run.error)
    assert reached == ([] if cause else ["/rss.xml"])
