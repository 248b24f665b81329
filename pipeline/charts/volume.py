"""Volume of a topic or an issuer: distinct stories a slot, negative, other and positive."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from pipeline.charts.figure import Figure, Frame, axis_of
from pipeline.charts.svg import element, group, hatch, integer_ticks
from pipeline.charts.windows import Window
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

HEIGHT: Final = 240
_PATTERN: Final = "hole-v"


def draw(windows: Sequence[Window], known: Sequence[bool], words: Words, clock: Clock) -> Figure:
    """The chart of adjoining slots: negative at the bottom, positive on top."""
    frame = Frame(HEIGHT, axis_of(windows), top=12)
    ticks = integer_ticks(max(window.n for window in windows))
    caption = _caption(windows, words)

    def y(count: int) -> float:
        return frame.base - count / ticks[-1] * (frame.base - frame.top)

    plot = group(
        hatch(_PATTERN),
        *(
            element("line", x1=0, x2="100%", y1=y(tick), y2=y(tick), class_="grid")
            for tick in ticks
        ),
        frame.axis.ticks(clock, frame.base),
        frame.holes(windows, known, _PATTERN, words("chart.hole")),
        *(_stack(frame, window, ticks[-1], words, clock) for window in windows),
    )
    numbers = group(
        *(element("text", f"{tick:,}", x=24, y=y(tick) + 4, class_="label end") for tick in ticks)
    )
    label = f"{words('chart.volume')}. {caption}"
    columns = ("time", "stories", "negative", "positive")
    table = [
        [
            clock.bare(window.end),
            *(words.number(count) for count in (window.n, window.negative, window.positive)),
        ]
        for window in reversed(windows)
    ]
    headings = [words(f"chart.table_{name}") for name in columns]
    names = {
        "negative": "sentiment.negative",
        "bar": "chart.neither",
        "positive": "sentiment.positive",
    }
    legend = [(mark, words(key)) for mark, key in names.items()]
    drawing = frame.compose(label, numbers, plot, Markup(""))
    return Figure(drawing, caption, headings, table, legend)


def _caption(windows: Sequence[Window], words: Words) -> str:
    return words(
        "chart.volume_caption",
        total=sum(window.n for window in windows),
        negative=sum(window.negative for window in windows),
        positive=sum(window.positive for window in windows),
    )


def _stack(frame: Frame, window: Window, top: int, words: Words, clock: Clock) -> Markup:
    unit = (frame.base - frame.top) / top
    said = words("chart.bar", time=clock.short(window.end), n=window.n)
    neither = window.n - window.negative - window.positive
    drawn: list[Markup] = [element("title", said)]
    below = float(frame.base)
    for count, name in (
        (window.negative, "negative"),
        (neither, "bar"),
        (window.positive, "positive"),
    ):
        if count > 0:
            below -= count * unit
            drawn.append(
                element("rect", **frame.bar(window), y=below, height=count * unit, class_=name)
            )
    return group(*drawn) if window.n else Markup("")
