"""Chart C: one row a publisher, a dot a story, copies as a number: who broke it."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from pipeline.charts.figure import Figure, Frame
from pipeline.charts.svg import TimeAxis, element, group, percent
from pipeline.store.shapes import StoryTime
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

_ROW: Final = 40
# Publishers shown; the rest would not be read.
_MOST: Final = 8


def draw(stories: Sequence[StoryTime], axis: TimeAxis, words: Words, clock: Clock) -> Figure | None:
    """The chart, the first publisher on top; None where no story lies within the time shown."""
    shown = [story for story in stories if axis.start <= story.occurred_at <= axis.end]
    if not shown:
        return None
    names = list(dict.fromkeys(story.publisher_name for story in shown))[:_MOST]
    frame = Frame(_ROW * len(names) + 28, axis)
    rows = (
        _row(frame, place, [story for story in shown if story.publisher_name == name], clock)
        for place, name in enumerate(names)
    )
    caption = words(
        "chart.publishers_caption",
        publisher=shown[0].publisher_name,
        time=clock.short(shown[0].occurred_at),
    )
    plot = group(frame.axis.ticks(clock, frame.base), *rows)
    label = f"{words('chart.publishers')}. {caption}"
    headings = [words("chart.table_time"), words("chart.publishers"), words("chart.table_copies")]
    table = [
        [clock.bare(story.occurred_at), story.publisher_name, words.number(story.copies)]
        for story in shown
    ]
    return Figure(frame.compose(label, Markup(""), plot, Markup("")), caption, headings, table)


def _row(frame: Frame, place: int, stories: Sequence[StoryTime], clock: Clock) -> Markup:
    line = place * _ROW + 30
    drawn = [
        element("text", stories[0].publisher_name[:60], x=0, y=line - 14, class_="label"),
        element("line", x1=0, x2="100%", y1=line, y2=line, class_="grid"),
    ]
    for story in stories:
        at = percent(frame.axis.share(story.occurred_at))
        said = element("title", clock.short(story.occurred_at))
        name = "dot withdrawn" if story.withdrawn else "dot"
        drawn.append(element("circle", said, cx=at, cy=line, r=5, class_=name))
        if story.copies:
            text = f"+{story.copies:,}"
            drawn.append(element("text", text, x=at, y=line - 9, class_="label middle"))
    return group(*drawn)
