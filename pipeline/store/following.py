"""How far the consumer has come, for programs that wait for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.store.connection import Connection, rows, transaction
from pipeline.store.rows import OUTCOMES, Counts
from sql import queries

_SQL = queries("following")


def reached(link: Connection, topic: str, offsets: Mapping[int, int]) -> bool:
    """Whether everything before these offsets (by partition) is committed."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["reached"],
            {"topic": topic, "partitions": list(offsets), "offsets": list(offsets.values())},
        )
        answer = cursor.fetchone()
    return bool(answer and answer[0])


def outcomes_since(link: Connection, topic: str, offsets: Mapping[int, int]) -> Counts:
    """What the records from these offsets on came to, as far as they are committed."""
    with transaction(link) as cursor:
        cursor.execute(
            _SQL["outcomes_since"],
            {"topic": topic, "partitions": list(offsets), "offsets": list(offsets.values())},
        )
        row = rows(cursor)[0]
    return Counts(**{name: int(row[name]) for name in OUTCOMES})


@dataclass(frozen=True)
class AlertState:
    """One alert, as short as it gets."""

    subject_kind: str
    subject: str
    state: str
    resolved_reason: str | None
    origin: str


@dataclass(frozen=True)
class Flow:
    """What has come through so far."""

    # Articles the crawlers had acknowledged, and what they refused.
    published: int
    refused: int
    counts: Counts
    alerts: tuple[AlertState, ...]


def flow(link: Connection) -> Flow:
    """Everything from the first crawl on."""
    with transaction(link) as cursor:
        cursor.execute(_SQL["crawled"])
        crawled = rows(cursor)[0]
        cursor.execute(_SQL["flow"])
        counted = rows(cursor)[0]
        cursor.execute(_SQL["alerts"])
        alerts = tuple(AlertState(**row) for row in rows(cursor))
    return Flow(
        int(crawled["published"]),
        int(crawled["refused"]),
        Counts(**{name: int(counted[name]) for name in OUTCOMES}),
        alerts,
    )
