"""Live updates: one look at the database every two seconds, told to every open page."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from typing import Final, cast

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from console import pulse
from console.reader import Parts, PartsOf, ReaderOf
from console.rendering import render
from pipeline.store import reading
from pipeline.store.connection import StoreUnavailable
from sql.migrate import SchemaError

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)

_EVERY_S: Final = 2.0
# A comment after so long a silence keeps proxies from closing the stream.
_KEEP_ALIVE_S: Final = 15.0
_MOST_PAGES: Final = 200


class Feed:
    """The state of the alerts as of two seconds ago at most, looked at once for all pages."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = asyncio.Lock()
        self._looked_at = float("-inf")
        self._token = ""
        # Pages that listen now.
        self.pages = 0

    async def token(self) -> str:
        """A digest that changes when any alert does. Raises StoreUnavailable, SchemaError."""
        async with self._lock:
            if not self.due_in:
                self._token = await asyncio.to_thread(self._look)
                self._looked_at = time.monotonic()
            return self._token

    @property
    def due_in(self) -> float:
        """Seconds until the next look; all pages wait for the same one."""
        return max(0.0, self._looked_at + _EVERY_S - time.monotonic())

    def _look(self) -> str:
        with self._parts.database.reading() as cursor:
            return reading.state_token(cursor, self._parts.now())


@router.get("/events")
async def events(request: Request) -> StreamingResponse:
    """Server-sent events: `alerts` now and whenever an alert changes.

    The stream ends when the database does not answer; the page then says it is no longer live.
    """
    feed = cast(Feed, request.app.state.feed)
    if feed.pages >= _MOST_PAGES:
        raise HTTPException(503)
    return StreamingResponse(_stream(feed), media_type="text/event-stream")


async def _stream(feed: Feed) -> AsyncIterator[str]:
    feed.pages += 1
    told, told_at = "", time.monotonic()
    try:
        while True:
            token = await feed.token()
            if token != told:
                told, told_at = token, time.monotonic()
                yield f"event: alerts\ndata: {token}\n\n"
            elif time.monotonic() - told_at > _KEEP_ALIVE_S:
                told_at = time.monotonic()
                yield ": nothing new\n\n"
            await asyncio.sleep(feed.due_in)
    except (StoreUnavailable, SchemaError) as error:
        log.warning("live updates stopped: %s", error)
    finally:
        feed.pages -= 1


@router.get("/pulse")
def pulse_fragment(request: Request, parts: PartsOf, reader: ReaderOf) -> HTMLResponse:
    """The pulse line and banners alone, for pages that stay open."""
    with parts.database.reading() as cursor:
        line = pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader)
    return render(request, reader, "pulse.html", line)
