"""Sources that cannot be read or must not be: said in the run, and nobody else is held up."""

import socket

import pytest

from tests.integration.crawlers.world import World

pytestmark = pytest.mark.slow


def test_sources_fail_each_for_its_reason_and_the_others_go_on(world: World) -> None:
    port = world.newswire.ports[0]
    harbour = world.newswire.origins["harbour-ledger"]
    world.add_source("gone", f"{harbour}/feeds/gone.rss")
    world.add_source("not-a-feed", f"{harbour}/")
    world.add_source("metadata", "http://169.254.169.254/rss.xml")
    # A name that resolves to this machine: only the look-up can tell.
    world.add_source("by-name", f"http://localhost:{port}/feeds/all.rss")
    world.add_source("decimal", f"http://2130706433:{port}/feeds/all.rss")
    world.add_source("overlong", f"http://{'x' * 70}.example/rss.xml")
    world.add_source("closed", f"http://127.0.0.1:{closed_port()}/rss.xml")
    causes = {
        "gone": "HTTP 404",
        "not-a-feed": "no RSS or Atom feed",
        "metadata": "169.254.169.254 is a link-local address",
        "by-name": "a loopback address",
        "decimal": "127.0.0.1 is a loopback address",
        "overlong": "",
        "closed": "127.0.0.1 is a loopback address",
    }
    crawled = world.crawl(source_ids=["nanfang-caixun", *causes])
    for name, cause in causes.items():
        run = crawled.runs[name]
        assert (run.status, run.published) == ("failed", 0), name
        assert cause in str(run.error), name
    assert crawled.runs["nanfang-caixun"].status == "ok"
    assert crawled.runs["nanfang-caixun"].published > 50


def test_a_server_that_is_down_is_a_failed_run_and_no_traceback(world: World) -> None:
    down = f"http://127.0.0.1:{closed_port()}"
    world.add_source("down", f"{down}/rss.xml")
    world.allow.append(down)
    crawled = world.crawl(source_ids=["down"])
    assert crawled.runs["down"].status == "failed"
    assert "refused" in str(crawled.runs["down"].error).lower()
    assert "Traceback" not in crawled.errors


def closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
