"""What the console reads of the parts' work. Every function works in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pipeline.store.connection import Cursor, rows
from pipeline.store.reading import read
from sql import queries

_SQL: Final = queries("system")


@dataclass(frozen=True)
class Yield:
    """What a source gave since a time."""

    source_id: str
    visits: int
    published: int
    refused: int
    # Why the last visit failed, where it did.
    last_error: str | None


@dataclass(frozen=True)
class Outcomes:
    """What became of every record read from Kafka."""

    records: int
    scored: int
    copy: int
    unchanged: int
    unscored: int
    dead: int
    last_at: datetime | None

    @property
    def total(self) -> int:
        """All outcomes together."""
        return self.scored + self.copy + self.unchanged + self.unscored + self.dead

    @property
    def adds_up(self) -> bool:
        """Whether every record has exactly one outcome."""
        return self.records == self.total


@dataclass(frozen=True)
class DeadLetter:
    """A record that could not be processed."""

    topic: str
    partition: int
    kafka_offset: int
    stage: str
    cause: str
    source_id: str | None
    url: str | None
    seen_at: datetime
    state: Literal["open", "replayed", "expired"]


@dataclass(frozen=True)
class Stage:
    """Dead letters of one stage."""

    stage: str
    n: int
    open: int


@dataclass(frozen=True)
class TopicRead:
    """How far one Kafka topic was read."""

    topic: str
    partitions: int
    # Partitions that a consumer claims.
    owned: int
    # Records read, all partitions together.
    read: int
    updated_at: datetime
    # Crashes in a row of the worst partition's batch.
    attempts: int


@dataclass(frozen=True)
class Gap:
    """A part of the log that could not be read."""

    topic: str
    partition: int
    from_offset: int
    cause: str
    found_at: datetime


@dataclass(frozen=True)
class Model:
    """A registered model, its aliases and the last thing that happened to it."""

    model_id: str
    weights_digest: str
    registered_at: datetime
    alias: str | None
    last_event: str | None
    last_event_at: datetime | None


@dataclass(frozen=True)
class Heartbeat:
    """When a part last did its work."""

    part: str
    at: datetime
    as_of: datetime | None


def yields(cursor: Cursor, sources: Sequence[str], since: datetime) -> list[Yield]:
    """What each of these sources gave since then, in order of their ids."""
    return read(cursor, Yield, _SQL["source_yields"], sources=list(sources), since=since)


def outcomes(cursor: Cursor) -> Outcomes:
    """What became of every record ever read."""
    return read(cursor, Outcomes, _SQL["outcomes"])[0]


def dead_letters(cursor: Cursor, limit: int) -> list[DeadLetter]:
    """The newest dead letters."""
    return read(cursor, DeadLetter, _SQL["dead_letters"], limit=limit)


def dead_letter_stages(cursor: Cursor) -> list[Stage]:
    """How many dead letters each stage has, the most first."""
    return read(cursor, Stage, _SQL["dead_letter_stages"])


def topics_read(cursor: Cursor) -> list[TopicRead]:
    """How far each Kafka topic was read."""
    return read(cursor, TopicRead, _SQL["topics_read"])


def read_to(cursor: Cursor, topic: str) -> dict[int, int]:
    """By partition of a topic, the offset of the next record that will be read."""
    cursor.execute(_SQL["read_to"], {"topic": topic})
    return {row["partition"]: row["next_offset"] for row in rows(cursor)}


def gaps(cursor: Cursor) -> list[Gap]:
    """Parts of the log that could not be read, the newest twenty."""
    return read(cursor, Gap, _SQL["gaps"])


def models(cursor: Cursor) -> list[Model]:
    """The registered models, the newest twenty."""
    return read(cursor, Model, _SQL["models"])


def heartbeats(cursor: Cursor) -> list[Heartbeat]:
    """When each part last did its work."""
    return read(cursor, Heartbeat, _SQL["heartbeats"])
