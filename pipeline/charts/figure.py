"""What every chart of the alert page shares: its plot between two gutters, holes, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from typing import Final, Self

from markupsafe import Markup

from pipeline.charts.svg import TimeAxis, element, group, percent
from pipeline.charts.windows import Window

LEFT: Final = 32
RIGHT: Final = 88
# Width of a chart that stands alone, in pixels.
_ALONE: Final = 720
# Share of the width from which a hole has room for words.
_ROOM: Final = 0.1


@dataclass(frozen=True)
class Drawing:
    """The three drawings of a chart; `label` is read to those who cannot see them."""

    label: str
    height: int
    left: Markup
    plot: Markup
    right: Markup

    def page(self) -> Markup:
        """Side by side on a page, as wide as there is room; the page's styles colour it."""
        side = {"class_": "gutter", "height": self.height, "aria_hidden": "true"}
        told = {"role": "img", "aria_label": self.label}
        return element(
            "div",
            element("svg", self.left, width=LEFT, **side),
            element("svg", self.plot, class_="plot", height=self.height, **told),
            element("svg", self.right, width=RIGHT, **side),
            class_="drawing",
        )

    def document(self) -> str:
        """An SVG file that needs nothing beside it, in the light colours."""
        style = resources.files("pipeline.charts").joinpath("alone.css").read_text(encoding="utf-8")
        plot = _ALONE - LEFT - RIGHT
        inside = {"height": self.height, "overflow": "visible"}
        return element(
            "svg",
            element("title", self.label),
            Markup(f"<style>{style}</style>"),  # noqa: S704 - a file of this package
            element("rect", width=_ALONE, height=self.height, class_="ground"),
            element("svg", self.left, width=LEFT, **inside),
            element("svg", self.plot, x=LEFT, width=plot, **inside),
            element("svg", self.right, x=LEFT + plot, width=RIGHT, **inside),
            xmlns="http://www.w3.org/2000/svg",
            width=_ALONE,
            height=self.height,
            viewBox=f"0 0 {_ALONE} {self.height}",
        )


@dataclass(frozen=True)
class Figure:
    """One chart, ready to be shown."""

    drawn: Drawing
    caption: str
    # The same in figures: headings, then rows.
    headings: Sequence[str]
    table: Sequence[Sequence[str]]
    # What its marks mean: class of the mark, words.
    legend: Sequence[tuple[str, str]] = ()

    @property
    def drawing(self) -> Markup:
        """The chart as a page shows it."""
        return self.drawn.page()

    def with_note(self, note: str) -> Self:
        """The figure with a further sentence under it."""
        return replace(self, caption=f"{self.caption} {note}")


@dataclass(frozen=True)
class Frame:
    """The plot's height and time axis."""

    height: int
    axis: TimeAxis
    # Pixels above the highest mark and below the lowest.
    top: int = 8
    bottom: int = 24

    @property
    def base(self) -> int:
        """Where the time axis lies."""
        return self.height - self.bottom

    def compose(self, label: str, left: Markup, plot: Markup, right: Markup) -> Drawing:
        """The plot between its gutters."""
        return Drawing(label, self.height, left, plot, right)

    def bar(self, window: Window) -> dict[str, str]:
        """Where a window's bar lies: its x and width, a seventh left free on either side."""
        start, end = self.axis.share(window.left), self.axis.share(window.end)
        free = (end - start) / 7
        return {"x": percent(start + free), "width": percent(end - start - 2 * free)}

    def holes(
        self, windows: Sequence[Window], known: Sequence[bool], pattern: str, said: str
    ) -> Markup:
        """The hours in which nothing was watched, hatched; a run of them is one field.

        `said` is written into the fields that have room for it.
        """
        fields: list[list[datetime]] = []
        for window, seen in zip(windows, known, strict=True):
            if seen:
                continue
            if fields and fields[-1][1] == window.left:
                fields[-1][1] = window.end
            else:
                fields.append([window.left, window.end])
        return group(*(self._hole(start, end, pattern, said) for start, end in fields))

    def _hole(self, start: datetime, end: datetime, pattern: str, said: str) -> Markup:
        left, width = self.axis.share(start), self.axis.width(end - start)
        field = element(
            "rect",
            element("title", said),
            x=percent(left),
            width=percent(width),
            y=self.top,
            height=self.base - self.top,
            fill=f"url(#{pattern})",
        )
        if width < _ROOM:
            return field
        middle = (self.top + self.base) // 2 + 4
        at = percent(left + width / 2)
        return group(field, element("text", said, x=at, y=middle, class_="label middle halo minor"))


def axis_of(windows: Sequence[Window]) -> TimeAxis:
    """The axis on which these windows lie side by side."""
    return TimeAxis(windows[0].left, windows[-1].end)
