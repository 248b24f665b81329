"""Forward-only migrations: numbered files, each applied once, under an advisory lock."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Final

import psycopg2
from psycopg2.extensions import connection

from pipeline.errors import OperatorError

# One number for all programs, so that two of them never migrate at once.
_LOCK: Final = 7_204_611_923


class SchemaError(OperatorError, RuntimeError):
    """The database is not one this program can work on; the message says what to do."""


@dataclass(frozen=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """sha256 of the file, hex: an applied migration must not change."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """The migrations this program knows, in order."""
    found = []
    for entry in resources.files("sql").joinpath("migrations").iterdir():
        if entry.name.endswith(".sql"):
            number, _, name = entry.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.number)


def migrate(database_url: str) -> list[str]:
    """Bring the database to this program's schema; returns the names applied now.

    Raises SchemaError where no server answers, the database is newer, or an applied file was
    edited.
    """
    try:
        link = psycopg2.connect(database_url, connect_timeout=5)
    except psycopg2.OperationalError as error:
        cause = str(error).strip().splitlines()[0]
        raise SchemaError(
            f"PostgreSQL does not answer ({cause}); "
            "`tocsin up` starts one, or set TOCSIN_DATABASE_URL."
        ) from error
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_version ("
                " number integer PRIMARY KEY, name text NOT NULL, digest text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            )
            applied = _applied(link)
            _check(applied)
            fresh = [item for item in migrations() if item.number not in applied]
            for item in fresh:
                cursor.execute(item.text)
                cursor.execute(
                    "INSERT INTO schema_version (number, name, digest) VALUES (%s, %s, %s)",
                    (item.number, item.name, item.digest),
                )
            cursor.execute("GRANT SELECT ON schema_version TO PUBLIC")
        return [item.name for item in fresh]
    finally:
        link.close()


def require_current(link: connection) -> None:
    """Refuse a schema this program does not know. Raises SchemaError."""
    with link.cursor() as cursor:
        cursor.execute("SELECT to_regclass('schema_version')")
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise SchemaError("The database has no Tocsin schema; run `tocsin migrate` first.")
    applied = _applied(link)
    _check(applied)
    missing = [item.name for item in migrations() if item.number not in applied]
    if missing:
        raise SchemaError(f"The database lacks {', '.join(missing)}; run `tocsin migrate` first.")


def _applied(link: connection) -> dict[int, tuple[str, str]]:
    with link.cursor() as cursor:
        cursor.execute("SELECT number, name, digest FROM schema_version")
        return {number: (name, digest) for number, name, digest in cursor.fetchall()}


def _check(applied: dict[int, tuple[str, str]]) -> None:
    known = {item.number: item for item in migrations()}
    for number, (name, digest) in applied.items():
        if number not in known:
            raise SchemaError(
                f"The database has migration {number} ({name}), which this program does not know; "
                "install the version that made it, or a newer one."
            )
        if known[number].digest != digest:
            raise SchemaError(f"Migration {number} ({name}) was edited after it was applied.")
