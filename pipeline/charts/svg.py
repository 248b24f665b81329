"""Drawing in SVG: elements with classes only, because the pages allow no style attributes.

Horizontal positions are percentages and vertical ones pixels, so that a chart fits any width
without stretching its letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from pipeline.wording.clock import Clock


def element(name: str, *children: str, **attributes: object) -> Markup:
    """One element; text and attributes are escaped, children that are Markup are not.

    Trailing underscores are dropped from attribute names, inner ones become hyphens.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704 - all parts are escaped


def percent(share: float) -> str:
    """A share of the width: 0.125 is 12.5%."""
    return f"{100 * share:.2f}%"


def group(*children: str, **attributes: object) -> Markup:
    """Several elements as one."""
    return element("g", *children, **attributes)


def hatch(identity: str) -> Markup:
    """The pattern of what is not known, to be used as fill="url(#identity)"."""
    return element(
        "defs",
        element(
            "pattern",
            element("path", d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5", class_="hatch"),
            id=identity,
            width=6,
            height=6,
            patternUnits="userSpaceOnUse",
        ),
    )


@dataclass(frozen=True)
class TimeAxis:
    """Time from left to right."""

    start: datetime
    end: datetime

    def share(self, at: datetime) -> float:
        """Where a time lies, 0 at the left and 1 at the right; never outside."""
        return min(1.0, max(0.0, (at - self.start) / (self.end - self.start)))

    def width(self, span: timedelta) -> float:
        """How wide a span of time is."""
        return span / (self.end - self.start)

    def ticks(self, clock: Clock, base: int) -> Markup:
        """Marks below `base`: every six hours of the reader's day, or every few days."""
        days = -(-(self.end - self.start) // timedelta(days=1))
        drawn: list[Markup] = []
        hour = self.start.astimezone(clock.zone).replace(minute=0, second=0, microsecond=0)
        midnights = 0
        while hour <= self.end:
            wanted = hour.hour == 0 if days > 4 else hour.hour % 6 == 0
            if wanted and self.start <= hour:
                if days <= 4:
                    drawn.append(self._tick(hour, clock, base, minor=hour.hour in (6, 18)))
                elif midnights % -(-days // 8) == 0:
                    drawn.append(self._tick(hour, clock, base, minor=len(drawn) % 2 == 1))
                midnights += 1
            hour = (hour.astimezone(UTC) + timedelta(hours=1)).astimezone(clock.zone)
        return group(*drawn)

    def _tick(self, at: datetime, clock: Clock, base: int, *, minor: bool) -> Markup:
        """One mark; the date stands at midnight. Near the edges there is no room for words.

        The words of a minor one are left out on a narrow screen.
        """
        share, midnight = self.share(at), at.hour == 0
        mark = element(
            "line",
            x1=percent(share),
            x2=percent(share),
            y1=0 if midnight else base,
            y2=base + 4,
            class_="midnight" if midnight else "tick",
        )
        if not 0.03 < share < 0.97:
            return mark
        text = element(
            "text",
            clock.day(at) if midnight else f"{at:%H:%M}",
            x=percent(share),
            y=base + 16,
            class_=f"label middle{' strong' * midnight}{' minor' * minor}",
        )
        return group(mark, text)


def integer_ticks(top: int) -> list[int]:
    """At most six round numbers from 0 to the first at or above `top`."""
    step = next(
        unit * power
        for power in (1, 10, 100, 1_000, 10_000, 100_000)
        for unit in (1, 2, 5)
        if unit * power * 5 >= top
    )
    return list(range(0, step * -(-max(top, 1) // step) + 1, step))


def apart(positions: Sequence[float], least: float) -> list[float]:
    """Heights of labels, from the top down, moved down until they are `least` apart."""
    moved: list[float] = []
    for position in positions:
        moved.append(max(position, moved[-1] + least) if moved else position)
    return moved


def _value(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
