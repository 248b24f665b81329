"""What a source's visits have seen: one SQLite file a source, a cache that may be lost.

A page is marked done only after Kafka acknowledged its article, so that whatever a crash interrupts
is asked for again; an article sent twice is the same revision to the consumer.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crawlers.pages import Due, Listed, Validators

# So often a page is asked for in all: one that does not come, which is more than two days, so that
# an outage loses nothing; one that is refused for what it says, which is six hours.
MAX_FAILURES: Final = 13
MAX_REFUSALS: Final = 5
# Minutes until it is asked for again after the first time, each time so many times more.
_WAIT: Final = 4.0
_LONGEST_WAIT: Final = 360.0
# An article is watched for corrections this long after it was first seen.
WATCHED: Final = timedelta(days=3)
# A page no longer listed for this long is forgotten.
FORGOTTEN: Final = timedelta(days=90)
# So many are kept at most, those that were listed last. A visit lists fewer.
MAX_PAGES: Final = 50_000

# Raised when the tables change: a file of another layout is put aside, since it is only a cache.
_LAYOUT: Final = 4
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS visit (
    -- One row: the last visit. When it began, by which state of the source's file, whether it read
    -- its lists to the end, and whether it came to its own end.
    id INTEGER PRIMARY KEY CHECK (id = 1),
    began_at REAL,
    source_digest TEXT,
    listed_to_the_end INTEGER NOT NULL,
    ended INTEGER NOT NULL
);
INSERT OR IGNORE INTO visit VALUES (1, NULL, NULL, 0, 1);
CREATE TABLE IF NOT EXISTS list (url TEXT PRIMARY KEY, etag TEXT, modified TEXT);
CREATE TABLE IF NOT EXISTS page (
    key TEXT PRIMARY KEY,       -- canonical address as it was listed
    url TEXT NOT NULL,          -- address to ask for
    stamp TEXT NOT NULL,        -- changes when the list says that the page did
    published REAL,             -- as listed
    published_exact INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'done', 'refused')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,       -- not asked for before, where it did not come or was refused
    cause TEXT,
    etag TEXT,
    modified TEXT,
    article_id TEXT,
    digest TEXT,                -- of what Kafka acknowledged
    first_at REAL NOT NULL,
    listed_at REAL NOT NULL,
    checked_at REAL
);
CREATE INDEX IF NOT EXISTS page_digest ON page (article_id, digest);
"""


class State:
    """The cache of one source. For one thread; `crawlers.lock` keeps other processes away."""

    def __init__(self, path: Path, max_pages: int = MAX_PAGES) -> None:
        """Open or make it. A file that is no such database is put aside: it is only a cache."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._max_pages = max_pages
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError:
            path.replace(path.with_suffix(".broken"))
            self._db = _open(path)

    def close(self) -> None:
        """Everything is already written."""
        self._db.close()

    def last_visit(self) -> datetime | None:
        """When the last visit began."""
        (began,) = self._db.execute("SELECT began_at FROM visit").fetchone()
        return datetime.fromtimestamp(began, UTC) if began is not None else None

    def is_unfinished(self) -> bool:
        """Whether the last visit was broken off, by its time, by a signal or by a kill."""
        (ended,) = self._db.execute("SELECT ended FROM visit").fetchone()
        return not ended

    def begin_visit(self, now: datetime, source_digest: str) -> bool:
        """Note that a visit begins; whether the lists had been read to the end the last time.

        Where they had not, nothing that lists say of themselves ("not modified") is proof that
        every article on them is known; nor where the source's file has changed since, by which they
        were read. What was refused by the older file is due once more then.
        """
        complete, known = self._db.execute(
            "SELECT listed_to_the_end, source_digest FROM visit"
        ).fetchone()
        with self._db:
            self._db.execute(
                "UPDATE visit"
                " SET began_at = ?, source_digest = ?, listed_to_the_end = 0, ended = 0",
                (_at(now), source_digest),
            )
            self._db.execute("DELETE FROM page WHERE listed_at < ?", (_at(now - FORGOTTEN),))
            self._db.execute(
                "DELETE FROM page WHERE key IN"
                " (SELECT key FROM page ORDER BY listed_at DESC LIMIT -1 OFFSET ?)",
                (self._max_pages,),
            )
            if known != source_digest:
                self._db.execute(
                    "UPDATE page SET status = 'pending', attempts = 0, due_at = ?"
                    " WHERE status = 'refused'",
                    (_at(now),),
                )
        return bool(complete and known == source_digest)

    def listed_to_the_end(self) -> None:
        """Every list of this visit was read and its articles are in here."""
        with self._db:
            self._db.execute("UPDATE visit SET listed_to_the_end = 1")

    def forget(self) -> None:
        """Forget all lists and pages; when it was last visited stays."""
        with self._db:
            self._db.execute("DELETE FROM page")
            self._db.execute("DELETE FROM list")

    def end_visit(self) -> None:
        """The visit did all that was due."""
        with self._db:
            self._db.execute("UPDATE visit SET ended = 1")

    def waiting(self) -> int:
        """How many listed pages were not published or refused yet."""
        (count,) = self._db.execute("SELECT count(*) FROM page WHERE status = 'pending'").fetchone()
        return int(count)

    def list_validators(self, url: str) -> Validators:
        """What to ask by whether this feed, sitemap or list changed."""
        row = self._db.execute("SELECT etag, modified FROM list WHERE url = ?", (url,)).fetchone()
        return Validators(*row) if row else Validators()

    def remember(
        self, list_url: str, validators: Validators, entries: Iterable[Listed], now: datetime
    ) -> int:
        """Keep a list's articles together with its validators; how many are new or changed."""
        with self._db:
            fresh = sum(self._remember(entry, now) for entry in entries)
            self._db.execute(
                "INSERT OR REPLACE INTO list VALUES (?, ?, ?)",
                (list_url, validators.etag, validators.modified),
            )
        return fresh

    def _remember(self, entry: Listed, now: datetime) -> int:
        published = _at(entry.published) if entry.published else None
        known = self._db.execute("SELECT stamp FROM page WHERE key = ?", (entry.key,)).fetchone()
        if known == (entry.stamp,):
            self._db.execute("UPDATE page SET listed_at = ? WHERE key = ?", (_at(now), entry.key))
            return 0
        self._db.execute(
            "INSERT INTO page (key, url, stamp, published, published_exact, status, due_at,"
            " first_at, listed_at) VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?6, ?6)"
            " ON CONFLICT (key) DO UPDATE SET url = excluded.url, stamp = excluded.stamp,"
            " published = excluded.published, published_exact = excluded.published_exact,"
            " status = 'pending', attempts = 0, due_at = excluded.due_at,"
            " listed_at = excluded.listed_at",
            (entry.key, entry.url, entry.stamp, published, entry.published_exact, _at(now)),
        )
        return 1

    def due(self, now: datetime, revisit: timedelta, limit: int) -> list[Due]:
        """Pages never acknowledged, and acknowledged ones that may have been corrected since.

        The newest, at most so many.
        """
        rows = self._db.execute(
            "SELECT key, url, stamp, published, published_exact, etag, modified, digest,"
            " status = 'done' FROM page"
            " WHERE (status = 'pending' AND due_at <= ?1)"
            " OR (status = 'refused' AND attempts < ?2 AND due_at <= ?1)"
            " OR (status = 'done' AND checked_at <= ?3 AND first_at > ?4)"
            " ORDER BY published DESC LIMIT ?5",
            (_at(now), MAX_REFUSALS, _at(now - revisit), _at(now - WATCHED), limit),
        )
        return [
            Due(
                Listed(key, url, stamp, _from(published), bool(exact)),
                Validators(etag, modified) if digest else Validators(),
                bool(done),
            )
            for key, url, stamp, published, exact, etag, modified, digest, done in rows
        ]

    def is_acknowledged(self, article_id: str, digest: str) -> bool:
        """Whether Kafka has this very content of this article, from whichever address it came."""
        return (
            self._db.execute(
                "SELECT 1 FROM page WHERE article_id = ? AND digest = ? LIMIT 1",
                (article_id, digest),
            ).fetchone()
            is not None
        )

    def acknowledged(
        self, key: str, content: tuple[str, str], validators: Validators, now: datetime
    ) -> None:
        """Kafka has it; `content` is the article's id and digest."""
        with self._db:
            self._db.execute(
                "UPDATE page SET status = 'done', attempts = 0, cause = NULL, article_id = ?,"
                " digest = ?, etag = ?, modified = ?, checked_at = ? WHERE key = ?",
                (*content, validators.etag, validators.modified, _at(now), key),
            )

    def still_good(self, key: str, now: datetime) -> None:
        """The acknowledged version is the current one, as far as can be told."""
        with self._db:
            self._db.execute(
                "UPDATE page SET status = 'done', attempts = 0, checked_at = ? WHERE key = ?",
                (_at(now), key),
            )

    def failed(self, key: str, now: datetime) -> int:
        """The page did not come, for a reason that may pass; how often that is now."""
        return self._tried(key, now)

    def _tried(self, key: str, now: datetime) -> int:
        """Count an attempt and put off the next; how many there were."""
        row = self._db.execute("SELECT attempts FROM page WHERE key = ?", (key,)).fetchone()
        attempts = int(row[0]) + 1 if row else MAX_FAILURES
        wait = timedelta(minutes=min(_WAIT**attempts, _LONGEST_WAIT))
        with self._db:
            self._db.execute(
                "UPDATE page SET attempts = ?, due_at = ? WHERE key = ?",
                (attempts, _at(now + wait), key),
            )
        return attempts

    def was_refused(self, key: str, cause: str) -> bool:
        """Whether the page was already refused for this very cause."""
        row = self._db.execute("SELECT cause FROM page WHERE key = ?", (key,)).fetchone()
        return bool(row == (cause,))

    def refused(self, key: str, cause: str, now: datetime) -> None:
        """The dead letter that says why is acknowledged."""
        with self._db:
            self._db.execute(
                "UPDATE page SET status = 'refused', cause = ?, checked_at = ? WHERE key = ?",
                (cause, _at(now), key),
            )
        self._tried(key, now)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    try:
        # Losing the last moments to a power cut costs a few pages asked for twice.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and db.execute("PRAGMA user_version").fetchone() != (_LAYOUT,):
            raise sqlite3.DatabaseError("another layout")
        db.executescript(f"{_SCHEMA}PRAGMA user_version = {_LAYOUT};")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _at(moment: datetime) -> float:
    return moment.timestamp()


def _from(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
