"""The audit: one chain of what was changed, which the database writes, and whether it holds."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from pipeline.errors import OperatorError
from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from sql import queries

_SQL: Final = queries("audit")
# Entries read at once.
_BATCH: Final = 5_000


@dataclass(frozen=True)
class Entry:
    """One change of one row."""

    # From 1 on, without a gap.
    seq: int
    at: datetime
    # The role that changed it.
    program: str
    operation: Literal["insert", "update", "delete"]
    table_name: str
    # The row's primary key, a JSON array.
    key: str
    # The row as JSON: as it was written, of a deleted one as it was.
    content: str
    # sha256 of the digest before and of this entry.
    digest: bytes

    def after(self, digest: bytes) -> bytes:
        """This entry's digest behind another's, as `audit_change` in sql/schema.sql makes it."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        parts = (at, self.program, self.operation, self.table_name, self.key, self.content)
        return hashlib.sha256(digest + "\n".join((str(self.seq), *parts)).encode()).digest()


@dataclass(frozen=True)
class Head:
    """The end of a chain: who keeps it elsewhere knows the whole chain again."""

    # 0: nothing was changed yet.
    seq: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest.hex()}"

    @classmethod
    def of(cls, text: str) -> "Head":
        """The head that prints so. Raises ValueError."""
        seq, _, digest = text.partition(":")
        return cls(int(seq), bytes.fromhex(digest))


class BrokenChain(OperatorError):
    """The audit, or a table it tells of, was changed behind its back; the message says where."""

    def __init__(self, where: str) -> None:
        super().__init__(f"The audit is broken: {where}.")


def newest(cursor: Cursor, limit: int) -> list[Entry]:
    """The latest entries, the newest first."""
    return read(cursor, Entry, _SQL["newest"], limit=limit)


def follow(entries: Iterable[Entry], head: Head) -> Head:
    """The head after these entries, which come after `head`. Raises BrokenChain."""
    for entry in entries:
        if entry.seq != head.seq + 1:
            raise BrokenChain(f"entry {head.seq + 1} is missing")
        if entry.digest != entry.after(head.digest):
            raise BrokenChain(f"entry {entry.seq} is not what was chained")
        head = Head(entry.seq, entry.digest)
    return head


def holds(newest_first: list[Entry]) -> bool:
    """Whether each of these links to the one before, as far as they go."""
    if not newest_first:
        return True
    last, *later = reversed(newest_first)
    try:
        if last.seq == 1:
            follow([last], Head(0, b""))
        follow(later, Head(last.seq, last.digest))
    except BrokenChain:
        return False
    return True


def verify(cursor: Cursor, kept: Head | None = None) -> Head:
    """Walk the whole chain, and compare the tables with it; the head.

    `kept` is a head of this chain from before: it must still be in it. `cursor` looks at one state
    of the database. Raises BrokenChain.
    """
    head = Head(0, b"")
    while batch := read(cursor, Entry, _SQL["entries"], after=head.seq, limit=_BATCH):
        for entry in batch:
            head = follow([entry], head)
            if kept and kept.seq == head.seq and kept != head:
                raise BrokenChain(f"entry {head.seq} is not the one that was kept")
    if kept and kept.seq > head.seq:
        raise BrokenChain(f"entry {head.seq + 1} is missing")
    _compare(cursor)
    return head


def _compare(cursor: Cursor) -> None:
    cursor.execute(_SQL["disagreement"])
    for row in rows(cursor):
        name = f"the row {row['key']} of {row['table_name']}"
        if row["seq"] is None:
            raise BrokenChain(f"{name} is in no entry")
        if row["deleted"]:
            raise BrokenChain(f"{name} is there again since entry {row['seq']} deleted it")
        how = "is not as" if row["stands"] else "is gone since"
        raise BrokenChain(f"{name} {how} entry {row['seq']} left it")
