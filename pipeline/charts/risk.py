"""The risk score of an issuer, hour by hour, 0 to 100."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from markupsafe import Markup

from pipeline.charts.figure import Figure, Frame, axis_of
from pipeline.charts.svg import element, group, hatch
from pipeline.charts.windows import HOUR, Window
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

HEIGHT: Final = 120
_PATTERN: Final = "hole-r"
_MOST: Final = 100


def draw(
    hours: Sequence[datetime],
    scores: Mapping[datetime, float],
    words: Words,
    clock: Clock,
) -> Figure:
    """The chart of adjoining hours; one that is not in `scores` was not scored, which is not 0."""
    windows = [Window(hour, hour + HOUR, 0, 0, 0) for hour in hours]
    frame = Frame(HEIGHT, axis_of(windows))
    levels = [(_height(frame, level), level) for level in (0, 50, _MOST)]
    plot = group(
        hatch(_PATTERN),
        frame.axis.ticks(clock, frame.base),
        *(element("line", x1=0, x2="100%", y1=y, y2=y, class_="grid") for y, _ in levels),
        frame.holes(windows, [hour in scores for hour in hours], _PATTERN, words("chart.hole")),
        *(_bar(frame, w, scores[w.left], words, clock) for w in windows if scores.get(w.left)),
    )
    numbers = group(
        *(element("text", str(n), x=24, y=y + 4, class_="label end") for y, n in levels)
    )
    caption = words("risk.caption")
    if scores:
        peak = max(scores, key=lambda hour: scores[hour])
        score, time = f"{scores[peak]:.0f}", clock.short(peak)
        caption = words("risk.caption_peak", caption=caption, score=score, time=time)
    drawing = frame.compose(f"{words('chart.risk')}. {caption}", numbers, plot, Markup(""))
    table = [
        [clock.bare(hour), f"{scores[hour]:.1f}" if hour in scores else words("time.missing")]
        for hour in reversed(hours)
    ]
    return Figure(drawing, caption, [words("risk.hour"), words("risk.title")], table)


def _height(frame: Frame, score: float) -> float:
    return frame.base - (frame.base - frame.top) * score / _MOST


def _bar(frame: Frame, window: Window, score: float, words: Words, clock: Clock) -> Markup:
    top = min(_height(frame, score), frame.base - 1.0)
    said = words("chart.bar", time=clock.short(window.left), n=f"{score:.1f}")
    return element(
        "rect",
        element("title", said),
        **frame.bar(window),
        y=top,
        height=frame.base - top,
        class_="bar",
    )
