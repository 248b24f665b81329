"""Where buckets and windows lie, and what counts inside them."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from pipeline.alerts.rules import SurgeRule

SubjectKind = Literal["issuer", "topic"]

BUCKET: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
_ORIGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)


def bucket_start(at: datetime) -> datetime:
    """Start of the five-minute bucket that holds `at`."""
    return at - (at - _ORIGIN) % BUCKET


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


@dataclass(frozen=True)
class Series:
    """The negative stories of one subject in order of time."""

    kind: SubjectKind
    stories: tuple[Story, ...]
    _times: tuple[datetime, ...] = field(repr=False)

    @classmethod
    def of(cls, kind: SubjectKind, stories: Iterable[Story]) -> "Series":
        ordered = tuple(sorted(stories, key=lambda story: (story.at, story.story_id)))
        return cls(kind, ordered, tuple(story.at for story in ordered))

    def between(self, start: datetime, end: datetime) -> Sequence[Story]:
        """The stories from `start` to just before `end`."""
        return self.stories[bisect_left(self._times, start) : bisect_left(self._times, end)]

    def counted(self, start: datetime, end: datetime) -> list[Story]:
        """Those that count. A topic counts each issuer once, by the story that weighs most.

        A topic rings where many are hit, and what one issuer has to bear is that issuer's alert.
        Counted so, a story more never makes the count less, whichever order they arrive in.
        """
        within = self.between(start, end)
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


def ordinary_days(end: datetime, rule: SurgeRule, covered: AbstractSet[date]) -> list[datetime]:
    """Starts of the 24-hour stretches a window that ends at `end` is compared with.

    The newest first, at most rule.baseline_days of them. A day without any news at all was not
    watched: it is passed over, not taken for a quiet one.
    """
    newest = end - rule.longest - rule.guard
    starts = (newest - back * DAY for back in range(1, rule.look_back_days + 1))
    kept = [start for start in starts if (start + DAY / 2).astimezone(UTC).date() in covered]
    return kept[: rule.baseline_days]


def ordinary_counts(
    series: Series, days: Sequence[datetime], window: timedelta, apart: Sequence[Span]
) -> list[int]:
    """Counts of the disjoint windows of these days that touch no span of `apart`."""
    blocks = (
        Span(day + i * window, day + (i + 1) * window) for day in days for i in range(DAY // window)
    )
    return [
        len(series.counted(block.start, block.end))
        for block in blocks
        if not any(block.overlaps(span) for span in apart)
    ]
