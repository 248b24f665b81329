"""From a template and what a page knows to an answer."""

import hashlib
from functools import cache
from importlib import resources
from typing import Final
from urllib.parse import urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from console.pulse import Line
from console.reader import THEMES, Reader, remember
from pipeline.entities.codes import shown
from pipeline.wording.text import LONGEST_SENTENCE, LONGEST_TITLE, cut, safe_link
from pipeline.wording.words import signed

# Why a decision was not carried out, as acting.py says in ?refused=.
_REFUSALS: Final = frozenset({"resolved", "too_late", "overtaken", "comment"})
_NOT_KEPT: Final = frozenset({"lang", "theme", "refused"})


@cache
def environment() -> jinja2.Environment:
    """The templates. Everything is escaped; a name that is not there is an error."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["title"] = lambda text: cut(text, LONGEST_TITLE)
    made.filters["sentence"] = lambda text: cut(text, LONGEST_SENTENCE)
    made.filters["safe_link"] = safe_link
    made.filters["signed"] = signed
    made.filters["code"] = shown
    made.globals["asset"] = asset
    return made


@cache
def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it."""
    content = resources.files("console").joinpath("static", name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def render(
    request: Request, reader: Reader, template: str, line: Line | None, **values: object
) -> HTMLResponse:
    """The page. `line` is None where the database does not answer."""

    def here(**changes: str) -> str:
        """This page's address with some of its parameters changed; empty ones are dropped."""
        kept = {k: v for k, v in request.query_params.items() if k not in _NOT_KEPT}
        changed = {k: v for k, v in (kept | changes).items() if v}
        return f"{request.url.path}?{urlencode(changed)}" if changed else request.url.path

    refusal = request.query_params.get("refused")
    text = (
        environment()
        .get_template(template)
        .render(
            reader=reader,
            t=reader.words,
            clock=reader.clock,
            phrases=reader.phrases,
            line=line,
            here=here,
            path=request.url.path,
            themes=THEMES,
            refusal=refusal if refusal in _REFUSALS else None,
            **values,
        )
    )
    response = HTMLResponse(text)
    response.headers["content-language"] = reader.html_lang
    response.headers["vary"] = "Cookie, Accept-Language"
    remember(request, response)
    return response
