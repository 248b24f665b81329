"""The console's connections: a few, opened when needed, dropped when they fail."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, LifoQueue
from typing import Final

from pipeline.settings import Settings
from pipeline.store.connection import (
    Connection,
    Cursor,
    StoreUnavailable,
    connect,
    snapshot,
    transaction,
)

_KEPT: Final = 8


class Database:
    """Connections of role console. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: LifoQueue[Connection] = LifoQueue(maxsize=_KEPT)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """One consistent look at the data, 5 s a statement at most. Raises StoreUnavailable."""
        with self.writing() as link, snapshot(link) as cursor:
            cursor.execute("SET LOCAL statement_timeout = '5s'")
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection of one's own for a while. Raises StoreUnavailable."""
        link = self._take()
        try:
            yield link
        except StoreUnavailable:
            # It may be broken: the next one asks the server anew.
            with suppress(Exception):
                link.close()
            raise
        finally:
            self._put_back(link)

    def close(self) -> None:
        """Close what is idle."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def _take(self) -> Connection:
        with suppress(Empty):
            while True:
                link = self._idle.get_nowait()
                if _answers(link):
                    return link
        # The address is read each time: the embedded server makes its password at first start.
        return connect(self._settings.database_url, "console")

    def _put_back(self, link: Connection) -> None:
        if link.closed:
            return
        try:
            self._idle.put_nowait(link)
        except Full:
            link.close()


def _answers(link: Connection) -> bool:
    """Whether an idle connection still works: the server may have been restarted since."""
    try:
        with transaction(link) as cursor:
            cursor.execute("SELECT 1")
    except StoreUnavailable:
        with suppress(Exception):
            link.close()
        return False
    return True
