"""What every chart of the alert page shares: its plot between two gutters, holes, and its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from console.charts.svg import TimeAxis, element, group, percent
from console.charts.windows import Window

LEFT: Final = 32
RIGHT: Final = 88


@dataclass(frozen=True)
class Figure:
    """One chart, ready for the page."""

    # Its three drawings: left gutter, plot, right gutter.
    drawing: Markup
    caption: str
    # The same in figures: headings, then rows.
    headings: Sequence[str]
    table: Sequence[Sequence[str]]


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

    def compose(self, label: str, left: Markup, plot: Markup, right: Markup) -> Markup:
        """The three drawings side by side; `label` is read to those who cannot see them."""
        side = {"class_": "gutter", "height": self.height, "aria_hidden": "true"}
        return element(
            "div",
            element("svg", left, width=LEFT, **side),
            element("svg", plot, class_="plot", height=self.height, role="img", aria_label=label),
            element("svg", right, width=RIGHT, **side),
            class_="drawing",
        )

    def bar(self, window: Window) -> dict[str, str]:
        """Where a window's bar lies: its x and width, a seventh left free on either side."""
        start, end = self.axis.share(window.left), self.axis.share(window.end)
        free = (end - start) / 7
        return {"x": percent(start + free), "width": percent(end - start - 2 * free)}

    def holes(self, windows: Sequence[Window], known: Sequence[bool], pattern: str) -> Markup:
        """The hours in which nothing was watched, hatched; a run of them is one field."""
        fields: list[list[datetime]] = []
        for window, seen in zip(windows, known, strict=True):
            if seen:
                continue
            if fields and fields[-1][1] == window.left:
                fields[-1][1] = window.end
            else:
                fields.append([window.left, window.end])
        return group(
            *(
                element(
                    "rect",
                    x=percent(self.axis.share(start)),
                    width=percent(self.axis.width(end - start)),
                    y=self.top,
                    height=self.base - self.top,
                    fill=f"url(#{pattern})",
                )
                for start, end in fields
            )
        )


def axis_of(windows: Sequence[Window]) -> TimeAxis:
    """The axis on which these windows lie side by side."""
    return TimeAxis(windows[0].left, windows[-1].end)
