"""The database as a command uses it: connected while it is at work."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.store.connection import Connection, Role


@contextmanager
def connected(role: "Role") -> "Iterator[Connection]":
    """A connection in that role. Raises StoreUnavailable, SchemaError."""
    from pipeline.settings import load
    from pipeline.store.connection import connect

    with closing(connect(load().database_url, role)) as link:
        yield link
