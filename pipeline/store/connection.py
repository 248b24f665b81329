"""Connections to PostgreSQL: one role a program, UTC, a schema that is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import psycopg2
import psycopg2.extras
from psycopg2 import errors
from psycopg2.extensions import connection, cursor

from pipeline.errors import OperatorError
from sql.migrate import SchemaError, require_current

Role = Literal["ingest", "alerts", "console", "retention", "watch"]
Connection = connection
Cursor = cursor

psycopg2.extras.register_uuid()  # type: ignore[no-untyped-call]

# A program that stands still within a transaction holds rows that others wait for, so long at most.
# The consumer's are those the next owner of its partitions must have.
_IDLE_S: Final[dict[Role, int]] = {
    "ingest": 15,
    "alerts": 120,
    "console": 120,
    "retention": 120,
    "watch": 120,
}

# Trouble that goes away by itself: the server restarts, is full, read-only, or broke a deadlock.
TRANSIENT: Final = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.ReadOnlySqlTransaction,
    errors.DiskFull,
    errors.AdminShutdown,
    errors.CrashShutdown,
)


class StoreUnavailable(OperatorError, RuntimeError):
    """The database cannot be reached or will not work now; trying again later may help."""


def connect(url: str, role: Role) -> Connection:
    """A connection that may do what `role` may do. Statements see UTC.

    Raises StoreUnavailable where no server answers, sql.migrate.SchemaError where its schema is
    not this program's or the user of `url` is no member of the role.
    """
    try:
        link = psycopg2.connect(
            url,
            connect_timeout=5,
            application_name=f"tocsin-{role}",
            options=f"-c timezone=UTC -c idle_in_transaction_session_timeout={_IDLE_S[role]}s",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=20_000,
        )
    except psycopg2.OperationalError as error:
        cause = str(error).strip().splitlines()[0]
        raise StoreUnavailable(
            f"PostgreSQL does not answer ({cause}); "
            "`tocsin up` starts one, or set TOCSIN_DATABASE_URL."
        ) from error
    try:
        require_current(link)
        with link.cursor() as setup:
            setup.execute(f"SET ROLE tocsin_{role}")
        link.commit()
    except TRANSIENT as error:
        link.close()
        raise StoreUnavailable(f"PostgreSQL went away: {error}") from error
    except errors.InsufficientPrivilege as error:
        link.close()
        raise SchemaError(
            f"The database user is no member of tocsin_{role}: GRANT tocsin_{role} TO that user."
        ) from error
    except BaseException:
        link.close()
        raise
    return link


@contextmanager
def transaction(link: Connection) -> Iterator[Cursor]:
    """Everything inside is one transaction; trouble that passes becomes StoreUnavailable."""
    try:
        with link, link.cursor() as inside:
            yield inside
    except TRANSIENT as error:
        raise StoreUnavailable(str(error).strip() or type(error).__name__) from error


@contextmanager
def snapshot(link: Connection) -> Iterator[Cursor]:
    """One consistent look at the data, in which nothing can be written."""
    with transaction(link) as inside:
        inside.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield inside


def rows(answer: Cursor) -> list[dict[str, Any]]:
    """What the last statement returned, a dict a row."""
    if answer.description is None:
        return []
    names = [column.name for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
