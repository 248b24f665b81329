"""Watchlists: which there are, what is on one, and the ways to change it."""

from typing import Annotated, Final, cast, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console import pulse
from console.acting import FormOf
from console.reader import PartsOf, ReaderOf
from console.rendering import render
from console.toast import toast
from models.labels import TOPICS
from pipeline.alerts import watchlists
from pipeline.alerts.watchlists import WatchlistError
from pipeline.store import alerts as alerts_store
from pipeline.store import reading
from pipeline.store import watchlists as store
from pipeline.store.connection import Connection, transaction
from pipeline.store.watchlists import Kind

router = APIRouter(default_response_class=HTMLResponse)

# Issuers that somebody is asked to choose from.
_CHOICES: Final = 12
_LONGEST: Final = 100

Name = Annotated[str, Path(max_length=40)]


@router.get("/watchlists")
def overview(request: Request, parts: PartsOf, reader: ReaderOf) -> HTMLResponse:
    """Every watchlist."""
    with parts.database.reading() as cursor:
        return render(
            request,
            reader,
            "watchlists.html",
            pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader),
            lists=store.watchlists(cursor),
            token=reading.state_token(cursor, reader.clock.now),
            toast=toast(cursor, parts, reader),
        )


@router.get("/watchlists/{name}")
def watchlist(
    request: Request,
    parts: PartsOf,
    reader: ReaderOf,
    name: Name,
    which: Annotated[str, Query(max_length=_LONGEST)] = "",
) -> HTMLResponse:
    """One watchlist; `which` is what somebody wrote for an issuer that may be several."""
    with parts.database.reading() as cursor:
        owner = store.owner(cursor, name)
        if owner is None:
            raise HTTPException(404)
        return render(
            request,
            reader,
            "watchlist.html",
            pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader),
            name=name,
            owner=owner,
            entries=store.entries(cursor, name),
            which=which,
            choices=store.issuers_like(cursor, which, _CHOICES) if which else [],
            topics=TOPICS,
            token=reading.state_token(cursor, reader.clock.now),
            toast=toast(cursor, parts, reader),
        )


@router.post("/watchlists")
def create(parts: PartsOf, form: FormOf) -> RedirectResponse:
    """A new watchlist, then its page."""
    name, owner = (form.get(field, "").strip() for field in ("name", "owner"))
    try:
        watchlists.check(name, {"owner": owner})
    except WatchlistError:
        return _back("/watchlists", refused="unfit")
    with parts.database.writing() as link:
        made = store.create(link, name, owner)
    return _back(_page(name)) if made else _back("/watchlists", refused="taken")


@router.post("/watchlists/{name}/add")
def add(parts: PartsOf, form: FormOf, name: Name) -> RedirectResponse:
    """Add a topic, or the issuer that is meant; where it may be several, ask which."""
    topic, text = form.get("topic", ""), form.get("issuer", "").strip()[:_LONGEST]
    if topic and topic not in TOPICS:
        raise HTTPException(422)
    with parts.database.writing() as link:
        _require(link, name)
        if topic:
            return _added(name, store.add(link, name, "topic", topic))
        with transaction(link) as cursor:
            meant = alerts_store.issuers_called(cursor, text) if text else []
            alike = store.issuers_like(cursor, text, 1) if text else []
        if len(meant) == 1:
            return _added(name, store.add(link, name, "issuer", meant[0]["entity_id"]))
    if meant or alike:
        return _back(_page(name), which=text)
    return _back(_page(name), refused="unknown")


@router.post("/watchlists/{name}/drop")
def drop(parts: PartsOf, form: FormOf, name: Name) -> RedirectResponse:
    """Take a name off. Twice is once."""
    kind, subject = form.get("kind", ""), form.get("subject", "")
    if kind not in get_args(Kind):
        raise HTTPException(422)
    with parts.database.writing() as link:
        _require(link, name)
        store.drop(link, name, cast(Kind, kind), subject)
    return _back(_page(name))


@router.post("/watchlists/{name}/remove")
def remove(parts: PartsOf, name: Name) -> RedirectResponse:
    """Delete an empty watchlist, unless somebody is told by it."""
    with parts.database.writing() as link:
        with transaction(link) as cursor:
            if store.entries(cursor, name):
                return _back(_page(name), refused="filled")
        try:
            watchlists.remove(link, name)
        except WatchlistError:
            return _back(_page(name), refused="told")
    return _back("/watchlists")


def _require(link: Connection, name: str) -> None:
    with transaction(link) as cursor:
        if store.owner(cursor, name) is None:
            raise HTTPException(404)


def _added(name: str, done: bool) -> RedirectResponse:
    return _back(_page(name)) if done else _back(_page(name), refused="listed")


def _page(name: str) -> str:
    return f"/watchlists/{quote(name, safe='')}"


def _back(page: str, **query: str) -> RedirectResponse:
    return RedirectResponse(f"{page}?{urlencode(query)}" if query else page, 303)
