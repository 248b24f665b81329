"""What the conditions beside surges are judged by."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pipeline.store.alerts import Negative, SubjectKind
from pipeline.store.connection import Cursor, rows
from sql import queries

_SQL: Final = queries("conditions")


@dataclass(frozen=True)
class HeadlineRow:
    """A story as one publisher titled it."""

    story_id: UUID
    # When the story began, and when this publisher told it.
    began_at: datetime
    at: datetime
    # Of the story about the series' subject.
    p_negative: float
    # Texts of others, cut.
    title: str
    lang: str
    publisher: str
    tier: str


def headlines(
    cursor: Cursor, series_id: int, stories: Collection[UUID], until: datetime
) -> list[HeadlineRow]:
    """Every publisher's headline of these stories of one series that was told before `until`."""
    values = {"series_id": series_id, "stories": list(stories), "until": until}
    cursor.execute(_SQL["headlines"], values)
    return [HeadlineRow(**row) for row in rows(cursor)]


def net(
    cursor: Cursor,
    kind: SubjectKind,
    series: Collection[int],
    since: datetime,
    until: datetime,
    counted: Negative,
) -> dict[int, dict[int, tuple[int, int]]]:
    """Of each series, by days since 1970 in UTC, its negative and its positive stories.

    The day of its first story is among them. A topic counts stories that name no issuer. Positive
    is what negative is, by the same figures.
    """
    values = {"kind": kind, "series": list(series), "since": since, "until": until}
    cursor.execute(_SQL["net"], values | vars(counted))
    found: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in rows(cursor):
        found[row["series_id"]].setdefault(row["day"], (row["negative"], row["positive"]))
    return found
