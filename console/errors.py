"""What is answered when a page cannot be: in words, with a number that is in the log."""

import logging
import secrets

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from console import pulse
from console.guard import HEADERS
from console.pulse import Line
from console.reader import Reader, parts_of, reader_of
from console.rendering import render
from pipeline.store.connection import StoreUnavailable
from sql.migrate import SchemaError

log = logging.getLogger(__name__)

_TITLES = {404: "not_found", 503: "unavailable"}


def install(app: FastAPI) -> None:
    """Answer every failure: 404, 422, 503 and, with a reference, 500."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StoreUnavailable, _unavailable)
    app.add_exception_handler(SchemaError, _unavailable)
    app.add_exception_handler(Exception, _bug)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _answer(request, status, "")


def _invalid(request: Request, error: Exception) -> Response:
    """An address with parameters that mean nothing is an address where nothing is."""
    if request.url.path.startswith("/api/") and isinstance(error, RequestValidationError):
        problems = [{"where": list(e["loc"]), "problem": e["msg"]} for e in error.errors()]
        return JSONResponse({"detail": problems}, 422)
    return _answer(request, 404, "")


def _unavailable(request: Request, error: Exception) -> Response:
    ref = _reference()
    log.error("database unavailable, ref %s: %s", ref, error)
    return _answer(request, 503, ref)


def _bug(request: Request, error: Exception) -> Response:
    ref = _reference()
    log.error("request failed, ref %s", ref, exc_info=error)
    answer = _answer(request, 500, ref)
    answer.headers.update(HEADERS)  # this answer is made outside the guard
    return answer


def _answer(request: Request, status: int, ref: str) -> Response:
    title = _TITLES.get(status, "wrong" if status >= 500 else "refused")
    reader = reader_of(request)
    text = reader.words(f"error.{title}_text")
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": text, "ref": ref} if ref else {"detail": text}, status)
    line = _line(request, reader) if status < 500 else None
    heading = reader.words(f"error.{title}")
    page = render(request, reader, "error.html", line, heading=heading, text=text, ref=ref)
    page.status_code = status
    return page


def _line(request: Request, reader: Reader) -> Line | None:
    """The pulse, as long as the database answers."""
    parts = parts_of(request)
    try:
        with parts.database.reading() as cursor:
            return pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader)
    except (StoreUnavailable, SchemaError):
        return None


def _reference() -> str:
    return secrets.token_hex(2).upper()
