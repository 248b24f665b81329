"""From five-minute counts to the windows a chart shows."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from pipeline.store.shapes import Bucket

HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """Distinct stories counted up to a time."""

    # From where to where its bar is drawn; a trailing window reaches further back than its bar.
    left: datetime
    end: datetime
    n: int
    negative: int
    positive: int

    @property
    def net(self) -> float | None:
        """(positive − negative) ÷ all, −1 to +1; None where there is no story."""
        return (self.positive - self.negative) / self.n if self.n else None


def hourly_ends(anchor: datetime, last: datetime, hours: int) -> list[datetime]:
    """`hours` times, an hour apart, the newest at or before `last`, all in step with `anchor`.

    In step, so that the window that rang is one of those shown.
    """
    newest = anchor + (last - anchor) // HOUR * HOUR
    return [newest - HOUR * back for back in reversed(range(hours))]


def trailing(
    buckets: Sequence[Bucket], ends: Sequence[datetime], length: timedelta
) -> list[Window]:
    """The counts of the windows of that length that end at `ends`; buckets are oldest first.

    Each is drawn over its last hour.
    """
    starts = [bucket.start for bucket in buckets]
    return [_window(buckets, starts, (end - length, end), end - HOUR) for end in ends]


def between(buckets: Sequence[Bucket], bounds: Sequence[datetime]) -> list[Window]:
    """The counts of adjoining slots, slot i from bounds[i] to bounds[i + 1]."""
    starts = [bucket.start for bucket in buckets]
    return [_window(buckets, starts, span, span[0]) for span in pairwise(bounds)]


def _window(
    buckets: Sequence[Bucket],
    starts: Sequence[datetime],
    span: tuple[datetime, datetime],
    left: datetime,
) -> Window:
    inside = buckets[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
    return Window(
        left,
        span[1],
        sum(bucket.n for bucket in inside),
        sum(bucket.negative for bucket in inside),
        sum(bucket.positive for bucket in inside),
    )
