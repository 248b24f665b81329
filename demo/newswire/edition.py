"""What the sample newswire has in print at a moment: articles, their revisions, and reprints."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from demo.newswire.publishers import PUBLISHERS

_ARTICLES: Final = Path(__file__).parent / "articles"

# How the reprinted story is spread: how often, by whom, and within how many minutes.
_REPRINTS: Final = 39
_REPRINTERS: Final = ("harbour-ledger", "south-channel-post", "meridian-markets")
_REPRINT_MINUTES: Final = 140
_SUFFIXES: Final = ("", " – report", ", agency says", " (updated)", " | Aviation", ": what we know")


@dataclass(frozen=True)
class Version:
    """What an article's page says from a moment on."""

    # Minutes from time zero.
    since_minutes: float
    title: str
    paragraphs: tuple[str, ...]
    # Gold labels, by docs/taxonomy.md.
    topic: str
    sentiment: str


@dataclass(frozen=True)
class Article:
    """One article of the newswire under one address, with every version it will ever have."""

    article_id: str
    publisher: str
    kind: str
    # Which of the planted stories it belongs to; `background` for none.
    thread: str
    author: str | None
    # entity_id of the issuer it is about, or None.
    subject: str | None
    # In the order of `since_minutes`; the first is its publication.
    versions: tuple[Version, ...]

    @property
    def path(self) -> str:
        """Where it lies on its publisher's site."""
        return PUBLISHERS[self.publisher].path(self.kind, self.article_id)

    def published_at(self, zero: datetime) -> datetime:
        """When it first appeared, to the second."""
        return moment(zero, self.versions[0])

    def version_at(self, zero: datetime, at: datetime) -> Version | None:
        """What its page says at a moment; None before it was published."""
        due = [version for version in self.versions if moment(zero, version) <= at]
        return due[-1] if due else None


def moment(zero: datetime, version: Version) -> datetime:
    """When a version appears."""
    return zero.replace(microsecond=0) + timedelta(minutes=version.since_minutes)


@cache
def load_articles(folder: Path = _ARTICLES) -> tuple[Article, ...]:
    """Every article of the newswire, reprints included, in the order of publication."""
    written = [
        _article(json.loads(line))
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    reprinted = [copy for item in written if item.thread == "reprint" for copy in reprints(item)]
    return tuple(sorted(written + reprinted, key=lambda item: item.versions[0].since_minutes))


def _article(row: dict[str, Any]) -> Article:
    versions = [_version(row, row["offset_minutes"])]
    if revision := row.get("revision"):
        versions.append(_version(row | revision, revision["after_minutes"]))
    return Article(
        article_id=row["id"],
        publisher=row["publisher"],
        kind=row["kind"],
        thread=row["thread"],
        author=row.get("author"),
        subject=row["subject"],
        versions=tuple(versions),
    )


def _version(row: dict[str, Any], since_minutes: float) -> Version:
    return Version(since_minutes, row["title"], tuple(row["body"]), row["topic"], row["sentiment"])


def reprints(original: Article) -> Sequence[Article]:
    """The same story as other desks ran it: other addresses and times, hardly another word."""
    first = original.versions[0]
    copies = []
    for number in range(_REPRINTS):
        publisher = _REPRINTERS[number % len(_REPRINTERS)]
        minutes = first.since_minutes + round((number + 1) * _REPRINT_MINUTES / _REPRINTS, 1)
        version = replace(
            first,
            since_minutes=minutes,
            title=first.title + _SUFFIXES[number % len(_SUFFIXES)],
            paragraphs=_reprinted(first.paragraphs, PUBLISHERS[original.publisher].name, number),
        )
        copies.append(
            replace(
                original,
                article_id=f"{original.article_id}-r{number + 1:02}",
                publisher=publisher,
                author=None,
                versions=(version,),
            )
        )
    return copies


def _reprinted(paragraphs: tuple[str, ...], agency: str, number: int) -> tuple[str, ...]:
    kept = paragraphs[:-1] if number % 5 == 4 else paragraphs
    if number % 2 == 0:
        kept = (f"({agency}) – {kept[0]}", *kept[1:])
    return kept
