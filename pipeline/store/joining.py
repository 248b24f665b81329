"""Reports that were not compared yet, those they are compared with, and stories made one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.store import signals, stories
from pipeline.store.connection import Connection, Cursor, rows, transaction
from sql import queries

_SQL: Final = queries("joining")


@dataclass(frozen=True)
class Due:
    """A report that was not compared yet, and the span of the story it belongs to by now."""

    story_id: UUID
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Told:
    """A report, by the story it began, and the story that stands to which it belongs."""

    report_id: UUID
    story_id: UUID
    lang: str
    kind: str
    first_at: datetime
    last_at: datetime
    # Series of the issuers that the story counts for.
    issuers: list[int]


@dataclass(frozen=True)
class Report:
    """What a report is compared by."""

    # As it is stored, of unit length.
    vector: NDArray[np.float16]
    rare: tuple[int, ...]


@contextmanager
def turn(link: Connection) -> Iterator[Cursor | None]:
    """One transaction in which this process alone joins stories; None while another one does.

    Raises StoreUnavailable; then nothing happened.
    """
    with transaction(link) as cursor:
        cursor.execute(_SQL["take_turn"])
        (mine,) = cursor.fetchone() or (False,)
        yield cursor if mine else None


def due(cursor: Cursor, limit: int) -> list[Due]:
    """The oldest reports that were not compared yet."""
    cursor.execute(_SQL["due"], {"limit": limit})
    return [Due(**row) for row in rows(cursor)]


def told(cursor: Cursor, spans: Sequence[tuple[datetime, datetime]]) -> list[Told]:
    """The reports of every story with an article in one of these spans, the oldest story first."""
    sinces, untils = zip(*spans, strict=True)
    cursor.execute(_SQL["told"], {"sinces": list(sinces), "untils": list(untils)})
    return [Told(*row) for row in cursor.fetchall()]


def reports(cursor: Cursor, report_ids: Iterable[UUID]) -> dict[UUID, Report]:
    """What these are compared by."""
    cursor.execute(_SQL["reports"], {"story_ids": list(report_ids)})
    return {
        story_id: Report(_halves(vector), tuple(rare))
        for story_id, vector, rare in cursor.fetchall()
    }


def join(cursor: Cursor, pairs: Iterable[tuple[UUID, UUID]]) -> int:
    """Make each pair one story, the older one, and count it anew; how many went into another.

    A consumer may have merged any of these meanwhile: what stands for them is joined.
    """
    asked = list(pairs)
    standing = stories.standing(cursor, (story for pair in asked for story in pair))
    stands = {one.story_id: one for one in standing.values()}
    merges: dict[UUID, UUID] = {}
    for pair in asked:
        ends = (stands[stories.root(merges, standing[story].story_id)] for story in pair)
        winner, loser = sorted(ends, key=lambda one: (one.first_at, one.story_id))
        if winner.story_id != loser.story_id:
            merges[loser.story_id] = winner.story_id
    stories.merge(cursor, merges)
    signals.recount(cursor, set(merges.values()) - set(merges))
    return len(merges)


def compared(cursor: Cursor, story_ids: Iterable[UUID]) -> None:
    """Take these from the queue."""
    cursor.execute(_SQL["compared"], {"story_ids": list(story_ids)})


def _halves(sent: memoryview) -> NDArray[np.float16]:
    """pgvector's binary form: two 16-bit numbers, then the elements, all big-endian."""
    return np.frombuffer(sent, ">f2", offset=4).astype(np.float16)
