"""Watchlists: issuers and topics that somebody watches, by the name of the list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from pipeline.store.connection import Connection, Cursor, rows, transaction
from pipeline.store.reading import read
from sql import queries

_SQL: Final = queries("watchlists")

Kind = Literal["issuer", "topic"]

# How a recipient refers to a watchlist among its subjects.
REFERENCE: Final = "watchlist:"


@dataclass(frozen=True)
class Summary:
    """One watchlist among all."""

    name: str
    owner: str
    issuers: int
    topics: int
    # Alerts that are open on a name of it.
    open_alerts: int


@dataclass(frozen=True)
class Entry:
    """One name of a watchlist."""

    kind: Kind
    # entity_id, or the topic.
    subject: str
    name_en: str
    name_zh: str
    code: str | None
    # Whether any story was ever counted for it.
    has_news: bool
    # The alert that is open on it.
    alert_id: UUID | None


@dataclass(frozen=True)
class Kept:
    """A watchlist with what it names."""

    owner: str
    subjects: frozenset[tuple[Kind, str]]


@dataclass(frozen=True)
class Found:
    """An issuer that somebody may mean."""

    entity_id: str
    name_en: str
    name_zh: str


def watchlists(cursor: Cursor) -> list[Summary]:
    """All watchlists, by name."""
    return read(cursor, Summary, _SQL["watchlists"])


def owner(cursor: Cursor, name: str) -> str | None:
    """Whose watchlist it is; None: there is none of that name."""
    cursor.execute(_SQL["owner"], {"name": name})
    return next((row["owner"] for row in rows(cursor)), None)


def entries(cursor: Cursor, name: str) -> list[Entry]:
    """What a watchlist names, issuers first."""
    return read(cursor, Entry, _SQL["entries"], name=name)


def everything(cursor: Cursor) -> dict[str, Kept]:
    """All watchlists with what they name."""
    cursor.execute(_SQL["everything"])
    owners: dict[str, str] = {}
    subjects: dict[str, set[tuple[Kind, str]]] = {}
    for row in rows(cursor):
        owners[row["watchlist"]] = row["owner"]
        named = subjects.setdefault(row["watchlist"], set())
        if row["subject"] is not None:
            named.add((row["kind"], row["subject"]))
    return {name: Kept(owner, frozenset(subjects[name])) for name, owner in owners.items()}


def create(link: Connection, name: str, owner: str) -> bool:
    """A new, empty watchlist; False where there is one of that name. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["create"], {"name": name, "owner": owner})
        return cursor.rowcount > 0


def remove(link: Connection, name: str) -> bool:
    """Forget one; False where there is none. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["remove"], {"name": name})
        return cursor.rowcount > 0


def add(link: Connection, name: str, kind: Kind, subject: str) -> bool:
    """Add a name; False where it is there, or no such watchlist. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["add"], {"name": name, "kind": kind, "subject": subject})
        return cursor.rowcount > 0


def drop(link: Connection, name: str, kind: Kind, subject: str) -> bool:
    """Take a name off; False where it is not there. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["drop"], {"name": name, "kind": kind, "subject": subject})
        return cursor.rowcount > 0


def put(link: Connection, lists: Mapping[str, Kept]) -> int:
    """Bring these watchlists to what is given; how many that changed. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        return sum(_put(cursor, name, kept) for name, kept in lists.items())


def _put(cursor: Cursor, name: str, kept: Kept) -> bool:
    changed = 0
    for statement in ("create", "own"):
        cursor.execute(_SQL[statement], {"name": name, "owner": kept.owner})
        changed += cursor.rowcount
    named = sorted(kept.subjects)
    for kind, subject in named:
        cursor.execute(_SQL["add"], {"name": name, "kind": kind, "subject": subject})
        changed += cursor.rowcount
    kinds, subjects = [kind for kind, _ in named], [subject for _, subject in named]
    cursor.execute(_SQL["keep_only"], {"name": name, "kinds": kinds, "subjects": subjects})
    return changed + cursor.rowcount > 0


def watchers(cursor: Cursor, name: str) -> Collection[str]:
    """Recipients that refer to a watchlist."""
    cursor.execute(_SQL["watchers"], {"reference": f"{REFERENCE}{name}"})
    return [row["name"] for row in rows(cursor)]


def issuers_like(cursor: Cursor, text: str, limit: int) -> list[Found]:
    """Issuers of which an id, name, code or spelling holds the text."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return read(cursor, Found, _SQL["issuers_like"], pattern=f"%{escaped}%", limit=limit)
