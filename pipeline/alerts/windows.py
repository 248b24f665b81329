"""Where buckets and windows lie, and what counts inside them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import PER_DAY, PER_HOUR, Buckets

SubjectKind = Literal["issuer", "topic"]

BUCKET: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
_ORIGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH: Final = _ORIGIN.toordinal()


def bucket_start(at: datetime) -> datetime:
    """Start of the five-minute bucket that holds `at`."""
    return at - (at - _ORIGIN) % BUCKET


def bucket_of(at: datetime) -> int:
    """The five-minute bucket that holds `at`, counted since 1970 in UTC."""
    return (at - _ORIGIN) // BUCKET


def bucket_start_of(bucket: int) -> datetime:
    """Start of a bucket that is counted since 1970 in UTC."""
    return _ORIGIN + bucket * BUCKET


def bucket_end(at: datetime) -> datetime:
    """End of the five-minute bucket that holds `at`; that instant itself is outside."""
    return bucket_start(at) + BUCKET


@dataclass(frozen=True)
class Span:
    """From `start` to just before `end`."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        """Whether some instant lies in both."""
        return self.start < other.end and other.start < self.end

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True)
class Story:
    """One negative story of a series."""

    story_id: UUID
    # When it occurred.
    at: datetime
    # Its rank among evidence; counts for nothing else.
    weight: float
    # Issuers it is about, the most relevant first.
    issuers: tuple[str, ...] = ()
    topic: str | None = None


@dataclass(frozen=True)
class Series:
    """The negative stories of one subject in order of time."""

    kind: SubjectKind
    stories: tuple[Story, ...]
    _times: tuple[datetime, ...] = field(repr=False)
    # The bucket of each story.
    _buckets: Buckets = field(repr=False)
    # How many count among the stories from one place to before another, as far as it was asked.
    _known: dict[tuple[int, int], int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, kind: SubjectKind, stories: Iterable[Story]) -> "Series":
        ordered = tuple(sorted(stories, key=lambda story: (story.at, story.story_id)))
        times = tuple(story.at for story in ordered)
        return cls(kind, ordered, times, np.array([bucket_of(at) for at in times], dtype=np.int64))

    def within_topics(self) -> dict[str, "Series"]:
        """An issuer's stories of each topic, where there are several; a topic has none."""
        topics = sorted({story.topic for story in self.stories if story.topic})
        if self.kind == "topic" or len(topics) < 2:
            return {}
        return {
            topic: Series.of(self.kind, (s for s in self.stories if s.topic == topic))
            for topic in topics
        }

    def between(self, start: datetime, end: datetime) -> Sequence[Story]:
        """The stories from `start` to just before `end`."""
        return self.stories[bisect_left(self._times, start) : bisect_left(self._times, end)]

    def counted(self, start: datetime, end: datetime) -> list[Story]:
        """Those that count. A topic counts each issuer once, by the story that weighs most.

        A topic rings where many are hit, and what one issuer has to bear is that issuer's alert.
        Counted so, a story more never makes the count less, whichever order they arrive in.
        """
        return self._counted(self.between(start, end))

    def counts(self, starts: Buckets, ends: Buckets) -> Numbers:
        """How many count in each span of buckets."""
        first, last = np.searchsorted(self._buckets, [starts, ends])
        if self.kind == "issuer":
            found: Numbers = (last - first).astype(np.float64)
            return found
        spans = zip(first.tolist(), last.tolist(), strict=True)
        return np.array([self._count(span) for span in spans], np.float64)

    def ends_between(self, start: int, end: int) -> Buckets:
        """Ends of the buckets from `start` to just before `end` that hold a story."""
        first, last = np.searchsorted(self._buckets, [start, end])
        return np.unique(self._buckets[first:last]) + 1

    def _count(self, span: tuple[int, int]) -> int:
        if span not in self._known:
            self._known[span] = len(self._counted(self.stories[slice(*span)]))
        return self._known[span]

    def _counted(self, within: Sequence[Story]) -> list[Story]:
        if self.kind == "issuer":
            return list(within)
        leading: dict[str | UUID, Story] = {}
        for story in within:
            carrier = story.issuers[0] if story.issuers else story.story_id
            if carrier not in leading or story.weight > leading[carrier].weight:
                leading[carrier] = story
        return list(leading.values())

    def ends(self, within: Sequence[Span]) -> list[datetime]:
        """Ends of the buckets in one of the spans that hold a story, in order of time."""
        found = {
            bucket_end(story.at) for span in within for story in self.between(span.start, span.end)
        }
        return sorted(found)


def in_spans(hours: Buckets, spans: Iterable[Span]) -> NDArray[np.bool_]:
    """Whether each hour, counted since 1970 in UTC, has an instant in any of the spans."""
    found = np.zeros(len(hours), dtype=bool)
    for span in spans:
        found |= (hours >= bucket_of(span.start) // PER_HOUR) & (
            hours <= bucket_of(span.end - BUCKET) // PER_HOUR
        )
    return found


def ordinary_days(day: int, rule: SurgeRule, covered: AbstractSet[date]) -> list[int]:
    """First buckets of the days that the windows ending on one are compared with.

    `day` is counted since 1970, in UTC. The newest first, at most rule.baseline_days of them. A day
    without any news at all was not watched: it is passed over, not taken for a quiet one.
    """
    newest = day - rule.longest // DAY
    back = range(newest - 1, newest - 1 - rule.look_back_days, -1)
    kept = [one for one in back if date.fromordinal(_EPOCH + one) in covered]
    return [one * PER_DAY for one in kept[: rule.baseline_days]]
