"""Pages as lists name them, and as they are asked for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Validators:
    """What a server gave to ask by whether a page changed."""

    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Listed:
    """One article as a feed, sitemap or list names it."""

    key: str
    url: str
    stamp: str
    published: datetime | None
    # Whether `published` has a time of day.
    published_exact: bool = True


@dataclass(frozen=True)
class Due:
    """A page to ask for now."""

    listed: Listed
    # Of the version that was acknowledged; empty where none was.
    validators: Validators
    # Whether this is only a look whether an acknowledged article was corrected.
    revisit: bool = False
