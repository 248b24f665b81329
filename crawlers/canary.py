"""The canary: an article of our own, crawled every hour, by which the whole path is tried.

A site on this machine that lives as long as one crawl, with a feed and one page. What comes of the
page is marked, goes every article's way, and is counted nowhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from pipeline.messages import Publisher
from pipeline.sources import CANARY, Source

_EVERY_MINUTES: Final = 60
# In a language and of a mood that no classifier should mistake, and naming nobody who exists.
_TITLE: Final = "Trial bank defaults on its bonds and files for insolvency"
_BODY: Final = (
    "This is the canary of Tocsin, a trial of the way from the crawl to the alert, and no news.",
    "The trial bank has defaulted on its bonds and filed for insolvency after heavy losses. Its"
    " shares collapsed, depositors fled, and regulators opened an investigation into fraud.",
    "Creditors expect severe losses. The rating was cut to default, and the board resigned.",
)


@contextmanager
def served(at: datetime) -> Iterator[tuple[Source, str]]:
    """The canary's site as a source, and its origin, while the context lasts.

    `at` names the article: each time another.
    """
    page = f"/canary/{at:%Y%m%dT%H%M%S}"
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    origin = f"http://127.0.0.1:{server.server_port}"
    server.answers = {  # type: ignore[attr-defined]
        "/feed": ("application/rss+xml", _feed(f"{origin}{page}", at)),
        page: ("text/html", _page(at)),
    }
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield _source(f"{origin}/feed"), origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The feed or the page; anything else, robots.txt too, is not there."""
        kind, text = self.server.answers.get(self.path, (None, ""))  # type: ignore[attr-defined]
        body = text.encode()
        self.send_response(200 if kind else 404)
        self.send_header("content-type", f"{kind or 'text/plain'}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _source(feed: str) -> Source:
    return Source(
        source_id=CANARY,
        publisher=Publisher(CANARY, "Canary of Tocsin", "Tocsin", "self-media"),
        kind="feed",
        urls=(feed,),
        language="en",
        schedule=_EVERY_MINUTES,
        lookback_days=1,
        expected_per_day=24,
        # Its address is another each time, which says as much.
        digest=feed,
    )


def _feed(page: str, at: datetime) -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Canary</title>'
        f"<item><title>{_TITLE}</title><link>{page}</link>"
        f"<pubDate>{format_datetime(at)}</pubDate></item></channel></rss>"
    )


def _page(at: datetime) -> str:
    paragraphs = "".join(f"<p>{text}</p>" for text in _BODY)
    return (
        f'<html lang="en"><head><title>{_TITLE}</title>'
        f'<meta property="article:published_time" content="{at.isoformat()}"></head>'
        f"<body><article><h1>{_TITLE}</h1>{paragraphs}</article></body></html>"
    )
