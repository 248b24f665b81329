"""Servers that mean harm: each costs its own source a little, and says so."""

import socket
import time
from pathlib import Path

import pytest

from crawlers.download import MAX_HEAD_BYTES
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
