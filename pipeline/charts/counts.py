"""Chart A: distinct negative stories, window by window, against the usual range and threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from pipeline.charts.figure import Figure, Frame, axis_of
from pipeline.charts.svg import apart, element, group, hatch, integer_ticks, percent
from pipeline.charts.windows import Window
from pipeline.store.shapes import Condition
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

HEIGHT: Final = 240
_PATTERN: Final = "hole-a"


@dataclass(frozen=True)
class Measure:
    """What the counts are measured against."""

    window_minutes: int
    # 5 % and 95 % of what is usual; None: known of a part of these counts only.
    usual: tuple[int, int] | None
    # Mean of the baseline and the count at which it surges, where the alert has kept them.
    expected: float | None
    threshold: int | None
    onset: datetime
    last_surge_at: datetime
    # What is marked from onset to end.
    condition: Condition = "surge"


def draw(
    windows: Sequence[Window], known: Sequence[bool], measure: Measure, words: Words, clock: Clock
) -> Figure:
    """The chart of hourly windows; `known` says of each hour whether anything was watched."""
    frame = Frame(HEIGHT, axis_of(windows), top=28)
    peak = max(windows, key=lambda window: window.negative)
    ticks = integer_ticks(
        max(
            peak.negative,
            measure.usual[1] if measure.usual else 0,
            measure.threshold or 0,
            round(measure.expected or 0),
        )
    )
    scale = _Scale(frame, ticks[-1])
    caption = (
        words(
            "chart.counts_caption",
            window=clock.window(measure.window_minutes),
            peak=peak.negative,
            time=clock.short(peak.end),
        )
        if peak.negative
        else words("chart.counts_none")
    )
    plot = group(
        hatch(_PATTERN),
        _levels(scale, ticks, measure),
        frame.axis.ticks(clock, frame.base),
        frame.holes(windows, known, _PATTERN, words("chart.hole")),
        _bars(scale, windows, measure.threshold, words, clock),
        _lines(scale, measure),
        _surge(scale, measure, words),
    )
    drawing = frame.compose(
        f"{words('chart.counts')}. {caption}",
        _numbers(scale, ticks),
        plot,
        _legend(scale, measure, words),
    )
    headings = [words(f"chart.table_{name}") for name in ("time", "stories", "negative")]
    table = _table(windows, known, words, clock)
    legend = [("over", words("chart.over")), ("band", words("chart.band"))]
    if measure.expected is not None:
        legend.append(("mean", words("chart.mean")))
    return Figure(drawing, caption, headings, table, legend)


def _table(
    windows: Sequence[Window], known: Sequence[bool], words: Words, clock: Clock
) -> list[list[str]]:
    rows = []
    for window, seen in zip(reversed(windows), reversed(known), strict=True):
        counts = [words.number(window.n), words.number(window.negative)]
        shown = counts if seen or window.n else [words("chart.hole")] * 2
        rows.append([clock.bare(window.end), *shown])
    return rows


@dataclass(frozen=True)
class _Scale:
    frame: Frame
    top: int

    def y(self, count: float) -> float:
        """The height of a count, in pixels from above."""
        return self.frame.base - count / self.top * (self.frame.base - self.frame.top)


def _levels(scale: _Scale, ticks: Sequence[int], measure: Measure) -> Markup:
    band = Markup("")
    if measure.usual:
        low, high = map(scale.y, measure.usual)
        # A band of no height would vanish: 0–0 still shows as a line.
        band = element(
            "rect", x=0, width="100%", y=high, height=max(low - high, 3.0), class_="band"
        )
    lines = (
        element("line", x1=0, x2="100%", y1=scale.y(tick), y2=scale.y(tick), class_="grid")
        for tick in ticks
    )
    return group(band, *lines)


def _bars(
    scale: _Scale, windows: Sequence[Window], threshold: int | None, words: Words, clock: Clock
) -> Markup:
    drawn = []
    for window in windows:
        if not window.negative:
            continue
        place, top = scale.frame.bar(window), scale.y(window.negative)
        over = threshold is not None and window.negative >= threshold
        said = words("chart.bar", time=clock.short(window.end), n=window.negative)
        drawn.append(
            element(
                "rect",
                element("title", said),
                **place,
                y=top,
                height=scale.frame.base - top,
                class_="bar over" if over else "bar",
            )
        )
        if over:  # seen without colour too
            drawn.append(element("rect", **place, y=top - 3, height=3, class_="cap"))
    return group(*drawn)


def _lines(scale: _Scale, measure: Measure) -> Markup:
    drawn = []
    if measure.expected is not None:
        at = scale.y(measure.expected)
        drawn.append(element("line", x1=0, x2="100%", y1=at, y2=at, class_="mean"))
    if measure.threshold is not None:
        at = scale.y(measure.threshold)
        drawn.append(element("line", x1=0, x2="100%", y1=at, y2=at, class_="threshold"))
    return group(*drawn)


def _surge(scale: _Scale, measure: Measure, words: Words) -> Markup:
    axis = scale.frame.axis
    start, end = axis.share(measure.onset), axis.share(measure.last_surge_at)
    if end <= start:
        return Markup("")
    left = start > 0.2
    return group(
        element("line", x1=percent(start), x2=percent(end), y1=10, y2=10, class_="bracket"),
        element("line", x1=percent(start), x2=percent(start), y1=10, y2=16, class_="bracket"),
        element("line", x1=percent(end), x2=percent(end), y1=10, y2=16, class_="bracket"),
        element(
            "text",
            words(f"condition.{measure.condition}"),
            x=percent(start if left else end),
            dx=-6 if left else 6,
            y=14,
            class_="label end" if left else "label",
        ),
    )


def _numbers(scale: _Scale, ticks: Sequence[int]) -> Markup:
    return group(
        *(
            element("text", f"{tick:,}", x=24, y=scale.y(tick) + 4, class_="label end")
            for tick in ticks
        )
    )


def _legend(scale: _Scale, measure: Measure, words: Words) -> Markup:
    """The threshold and the usual range, named at their right end."""
    named = []
    if measure.usual:
        usual = f"{words('series.usual')} {words.span(*measure.usual)}"
        named.append((scale.y(sum(measure.usual) / 2), usual))
    if measure.threshold is not None:
        text = words("chart.threshold", n=measure.threshold)
        named.append((scale.y(measure.threshold), text))
    named.sort()
    heights = apart([height for height, _ in named], 16)
    return group(
        *(
            element("text", text, x=6, y=height + 4, class_="label")
            for height, (_, text) in zip(heights, named, strict=True)
        )
    )
