"""The hours around an alert, as its charts draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.charts import counts
from pipeline.charts.counts import Measure
from pipeline.charts.figure import Figure
from pipeline.charts.windows import HOUR, Window, hourly_ends, trailing
from pipeline.store import reading
from pipeline.store.connection import Cursor
from pipeline.store.reading import Span
from pipeline.store.shapes import Alert, Contribution
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

_HOURS: Final = 48
# How much of the time after the latest surge is shown.
_AFTERMATH: Final = timedelta(hours=6)


@dataclass(frozen=True)
class History:
    """Counts hour by hour, the oldest first, in windows of the alert's own length."""

    windows: Sequence[Window]
    # Of each hour, whether anything was watched: the others are holes, not zeros.
    known: Sequence[bool]


def history(cursor: Cursor, alert: Alert, sources: Sequence[str], now: datetime) -> History:
    """The 48 hours that end with the alert or soon after; `sources` are the ids of all sources."""
    last = max(alert.window_end, min(now, alert.last_surge_at + _AFTERMATH))
    ends = hourly_ends(alert.window_end, last, _HOURS)
    length = timedelta(minutes=alert.window_minutes)
    span = Span("alert", alert.subject_kind, alert.subject, ends[0] - length, ends[-1])
    windows = trailing(reading.buckets(cursor, [span])["alert"], ends, length)
    watched = reading.watched_hours(cursor, sources, ends[0] - HOUR, ends[-1])
    return History(windows, [place in watched for place in range(_HOURS)])


def leading(alert: Alert, contributing: Sequence[Contribution]) -> Contribution | None:
    """The subject's own window that the alert speaks of."""
    return next(
        (
            window
            for window in contributing
            if (window.kind, window.subject) == (alert.subject_kind, alert.subject)
            and window.window_minutes == alert.window_minutes
            and window.condition == alert.condition
        ),
        None,
    )


def figure(
    past: History, alert: Alert, led_by: Contribution | None, words: Words, clock: Clock
) -> Figure:
    """Chart A: negative stories against the usual range, the surge marked."""
    measure = Measure(
        alert.window_minutes,
        None if alert.within_topic else (alert.usual_low, alert.usual_high),
        led_by.expected if led_by else None,
        led_by.threshold if led_by and led_by.condition != "slow_burn" else None,
        alert.onset,
        alert.last_surge_at,
        alert.condition,
    )
    drawn = counts.draw(past.windows, past.known, measure, words, clock)
    if alert.within_topic:
        return drawn.with_note(words("chart.within", topic=words(f"topic.{alert.topic}")))
    now = next((w.negative for w in past.windows if w.end == alert.window_end), alert.observed)
    if now == alert.observed:
        return drawn
    return drawn.with_note(words("chart.differs", now=now, then=alert.observed))
