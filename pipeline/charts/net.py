"""Chart B: net sentiment, −1 to +1, orange below the line and blue above."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from pipeline.charts.figure import Figure, Frame, axis_of
from pipeline.charts.svg import element, group, hatch
from pipeline.charts.windows import Window
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words, signed

HEIGHT: Final = 120
_PATTERN: Final = "hole-b"


def draw(
    windows: Sequence[Window], known: Sequence[bool], caption: str, words: Words, clock: Clock
) -> Figure:
    """The chart of adjoining or hourly windows; one without a story stays empty, which is not 0."""
    frame = Frame(HEIGHT, axis_of(windows))
    middle = (frame.top + frame.base) / 2
    levels = ((frame.top, "grid", "+1"), (middle, "zero", "0"), (frame.base, "grid", "−1"))
    plot = group(
        hatch(_PATTERN),
        frame.axis.ticks(clock, frame.base),
        *(element("line", x1=0, x2="100%", y1=y, y2=y, class_=name) for y, name, _ in levels),
        frame.holes(windows, known, _PATTERN, words("chart.hole")),
        *(_bar(frame, window, words, clock) for window in windows),
    )
    numbers = group(
        *(element("text", text, x=24, y=y + 4, class_="label end") for y, _, text in levels)
    )
    drawing = frame.compose(f"{words('chart.net')}. {caption}", numbers, plot, Markup(""))
    headings = [words(f"chart.table_{name}") for name in ("time", "stories", "net")]
    table = []
    for window in reversed(windows):
        net = words("time.missing") if window.net is None else signed(window.net)
        table.append([clock.bare(window.end), words.number(window.n), net])
    return Figure(drawing, caption, headings, table)


def _bar(frame: Frame, window: Window, words: Words, clock: Clock) -> Markup:
    if window.net is None:
        return Markup("")
    middle = (frame.top + frame.base) / 2
    height = max(abs(window.net) * (frame.base - frame.top) / 2, 1.0)
    said = words("chart.bar", time=clock.short(window.end), n=signed(window.net))
    return element(
        "rect",
        element("title", said),
        **frame.bar(window),
        y=middle - height if window.net > 0 else middle,
        height=height,
        class_="positive" if window.net > 0 else "negative" if window.net < 0 else "bar",
    )
