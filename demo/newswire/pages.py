"""The pages of the sample newswire as bytes: articles with all their furniture, feeds, lists."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader

from demo.newswire.publishers import PUBLISHERS

_HERE: Final = Path(__file__).parent
_COMMENTS: Final[dict[str, list[dict[str, str]]]] = json.loads(
    (_HERE / "comments.json").read_text("utf-8")
)


@dataclass(frozen=True)
class Answer:
    """What the site says to one request."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    location: str | None = None
    modified: datetime | None = None

    @property
    def etag(self) -> str:
        """Changes whenever a byte of the body does."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True)
class Entry:
    """One article as a feed, a sitemap or a list names it."""

    url: str
    title: str
    # None: it is listed without a date.
    published: datetime | None
    updated: datetime | None


@dataclass(frozen=True)
class Link:
    """A related story."""

    path: str
    title: str


@dataclass(frozen=True)
class Page:
    """What an article's page shows."""

    title: str
    paragraphs: Sequence[str]
    canonical: str
    published: datetime | None
    modified: datetime | None
    author: str | None = None
    related: Sequence[Link] = ()
    # Where the language is not the publisher's.
    lang: str | None = None


def article(publisher_id: str, page: Page) -> Answer:
    """An article's page in its publisher's markup, time zone and encoding."""
    publisher = PUBLISHERS[publisher_id]
    text = (
        _templates()
        .get_template(f"{publisher_id}.html")
        .render(
            title=page.title,
            paragraphs=page.paragraphs,
            canonical=page.canonical,
            author=page.author,
            related=page.related,
            lang=page.lang or publisher.language,
            published=page.published and page.published.astimezone(publisher.zone),
            modified=page.modified and page.modified.astimezone(publisher.zone),
            comments=_comments(publisher_id, page),
        )
    )
    header = f"; charset={publisher.charset}" if publisher.charset_in_header else ""
    return Answer(
        body=text.encode(publisher.charset, errors="xmlcharrefreplace"),
        content_type=f"text/html{header}",
        modified=page.modified,
    )


def document(template: str, content_type: str, modified: datetime | None, **values: Any) -> Answer:
    """A feed, a sitemap or a list."""
    text = _templates().get_template(template).render(**values)
    return Answer(body=text.encode(), content_type=content_type, modified=modified)


def _comments(publisher_id: str, page: Page) -> list[dict[str, Any]]:
    """Three to six readers, always the same below the same article."""
    pool = _COMMENTS[PUBLISHERS[publisher_id].language[:2]]
    seed = int.from_bytes(hashlib.sha256(page.canonical.encode()).digest()[:4])
    since = page.published or datetime(2026, 1, 1, tzinfo=PUBLISHERS[publisher_id].zone)
    local = since.astimezone(PUBLISHERS[publisher_id].zone)
    return [
        pool[(seed + 7 * number) % len(pool)] | {"at": local + timedelta(minutes=11 * number + 9)}
        for number in range(3 + seed % 4)
    ]


@cache
def _templates() -> Environment:
    environment = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True)
    environment.filters["rfc822"] = format_datetime
    return environment
