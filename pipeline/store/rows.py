"""What a batch writes, as plain data: the consumer fills these, the store knows their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.messages import CrawlRun, RawArticle, Rights
from pipeline.records import Partition, Record

# A process that died this often on one record is not asked to try it again.
MAX_CRASHES: Final = 3

OUTCOMES: Final = ("scored", "copy", "unchanged", "unscored", "dead")


@dataclass(frozen=True)
class Claim:
    """This process owns a partition until somebody claims it with a higher epoch."""

    partition: Partition
    next_offset: int
    epoch: int
    # Batches begun and not committed since the last commit: how often a process died here. One less
    # than MAX_CRASHES stays through commits: until the owner says 0, records come one by one, and
    # the one that is at work at the next death is the culprit.
    attempts: int


@dataclass(frozen=True)
class StoredArticle:
    """What the database holds of an article."""

    rev: int
    content_sha: bytes
    first_seen_at: datetime
    occurred_at: datetime
    story_id: UUID | None
    # Of the current revision.
    seen_at: datetime


@dataclass(frozen=True)
class MentionRow:
    """One entity of one scored revision."""

    entity_id: str
    # Institutions are linked but never counted.
    counted: bool
    relevance: float
    spans: Sequence[tuple[int, int]]
    sentiment_probs: Sequence[float]


@dataclass(frozen=True)
class ScoreRow:
    """What the classifier says of one revision."""

    model_id: str
    topic: str
    topic_probs: Sequence[float]
    sentiment: str
    # negative, neutral, positive
    sentiment_probs: Sequence[float]
    sentence: str | None
    sentence_probs: Sequence[float] | None
    mentions: Sequence[MentionRow]


@dataclass(frozen=True)
class StoryRow:
    """What decides whether a scored article joins a story."""

    kind: str
    # 128 uint32.
    signature: NDArray[np.uint32]
    vector: NDArray[np.float32] | None
    # Numbers of its rare words (pipeline.terms).
    rare: frozenset[int]


@dataclass(frozen=True)
class RevisionRow:
    """One new version of one article. `score` and `story` are None where it is unscored."""

    record: Record
    article: RawArticle
    rev: int
    content_sha: bytes
    lang: str
    # Of the article: those of its first revision.
    first_seen_at: datetime
    occurred_at: datetime
    score: ScoreRow | None
    story: StoryRow | None
    # The story it is in already, None for an article that is new.
    story_id: UUID | None

    @cached_property
    def article_id(self) -> UUID:
        """As the database keys it."""
        return UUID(hex=self.article.article_id)


@dataclass(frozen=True)
class DeadRow:
    """One record that can never be scored."""

    record: Record
    stage: str
    cause: str
    source_id: str | None = None
    url: str | None = None
    # What the crawler refused, where that differs from the record's own bytes.
    raw: bytes | None = None
    # None: the message does not tell.
    rights: Rights | None = None


@dataclass(frozen=True)
class CanaryRow:
    """A canary that was scored; it is none of the five outcomes."""

    article_id: UUID
    fetched_at: datetime
    seen_at: datetime
    model_id: str
    p_negative: float


@dataclass(frozen=True)
class Batch:
    """Everything one transaction writes: all records polled from the claimed partitions."""

    claims: Mapping[Partition, Claim]
    # Per partition: the first offset read and the one after the last.
    spans: Mapping[Partition, tuple[int, int]]
    revisions: Sequence[RevisionRow] = ()
    unchanged: Sequence[Record] = ()
    dead: Sequence[DeadRow] = ()
    crawl_runs: Sequence[CrawlRun] = ()
    canaries: Sequence[CanaryRow] = ()


@dataclass(frozen=True)
class Counts:
    """The five outcomes of what was read; they sum to the number of records."""

    scored: int = 0
    copy: int = 0
    unchanged: int = 0
    unscored: int = 0
    dead: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in OUTCOMES))

    @property
    def records(self) -> int:
        """All of them."""
        return sum(self.by_outcome().values())

    def by_outcome(self) -> dict[str, int]:
        """Each under its name."""
        return {name: getattr(self, name) for name in OUTCOMES}


@dataclass(frozen=True)
class Committed:
    """What a batch came to."""

    counts: Counts
    # The claims as they stand now.
    claims: Mapping[Partition, Claim] = field(default_factory=dict)
