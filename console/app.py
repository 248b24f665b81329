"""The console as one application."""

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from console import (
    acknowledging,
    acting,
    alert,
    api,
    errors,
    inbox,
    live,
    rules,
    silencing,
    system,
    trends,
)
from console.database import Database
from console.guard import Guard
from console.live import Feed
from console.reader import Parts
from console.roster import Roster
from pipeline.alerts.watchman import Watchman
from pipeline.settings import Settings

_ASSETS = frozenset({"console.css", "console.js", "icon.svg"})


def create_app(settings: Settings, now: Callable[[], datetime] | None = None) -> FastAPI:
    """The console over the settings' database, which need not answer yet.

    `now` is the clock, with its zone, where a test sets it.
    """
    parts = Parts(settings, Database(settings), Roster(settings), now or _now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # In a thread of its own: no page waits for it.
        with Watchman(settings, parts.now):
            yield
        parts.database.close()

    # The interactive documentation loads scripts from elsewhere; /openapi.json is enough.
    app = FastAPI(title="Tocsin", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.parts = parts
    app.state.feed = Feed(parts)
    for pages in (inbox, alert, trends, system, rules, silencing, acknowledging, acting, live):
        app.include_router(pages.router, include_in_schema=False)
    app.include_router(api.router)
    app.add_api_route("/static/{name}", _asset, include_in_schema=False)
    errors.install(app)
    app.add_middleware(Guard)
    return app


def _asset(name: str) -> Response:
    """A static file; its address changes with it, so that browsers may keep it for good."""
    if name not in _ASSETS:
        raise HTTPException(404)
    content = resources.files("console").joinpath("static", name).read_bytes()
    kind, _ = mimetypes.guess_type(name)
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=kind, headers=kept)


def _now() -> datetime:
    return datetime.now(UTC)
