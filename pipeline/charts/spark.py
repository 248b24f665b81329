"""Small charts within a row: a fixed size, no axes, the row's words say what is meant."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from pipeline.charts.svg import element

WIDTH: Final = 168
HEIGHT: Final = 48
_VOLUME_WIDTH: Final = 96
_VOLUME_HEIGHT: Final = 28


def of_alert(
    counts: Sequence[int], usual: tuple[int, int] | None, threshold: int | None, label: str
) -> Markup:
    """A day of window counts with the usual range behind and the threshold as a line."""
    top = max(*counts, usual[1] if usual else 0, threshold or 0, 1)

    def y(count: float) -> float:
        return HEIGHT - 2 - count / top * (HEIGHT - 6)

    band = (
        element(
            "rect",
            x=0,
            width=WIDTH,
            y=y(usual[1]),
            height=max(y(usual[0]) - y(usual[1]), 2.0),
            class_="band",
        )
        if usual
        else Markup("")
    )
    base = element("line", x1=0, x2=WIDTH, y1=HEIGHT - 1.5, y2=HEIGHT - 1.5, class_="grid")
    line = (
        element("line", x1=0, x2=WIDTH, y1=y(threshold), y2=y(threshold), class_="threshold")
        if threshold is not None
        else Markup("")
    )
    bars = _bars(counts, WIDTH, HEIGHT - 2, (HEIGHT - 6) / top, threshold)
    return element(
        "svg",
        band,
        base,
        *bars,
        line,
        class_="spark",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        aria_label=label,
    )


def of_volume(counts: Sequence[int], most: int, label: str) -> Markup:
    """Counts of adjoining slots as plain bars on a scale that ends at `most`."""
    unit = (_VOLUME_HEIGHT - 2) / most
    bars = _bars(counts, _VOLUME_WIDTH, _VOLUME_HEIGHT, unit, None)
    return element(
        "svg",
        *bars,
        class_="spark",
        width=_VOLUME_WIDTH,
        height=_VOLUME_HEIGHT,
        role="img",
        aria_label=label,
    )


def _bars(
    counts: Sequence[int], width: float, base: float, unit: float, threshold: int | None
) -> list[Markup]:
    step = width / len(counts)
    return [
        element(
            "rect",
            x=place * step + step / 7,
            width=step * 5 / 7,
            y=base - max(count * unit, 1.5),
            height=max(count * unit, 1.5),
            class_="bar over" if threshold is not None and count >= threshold else "bar",
        )
        for place, count in enumerate(counts)
        if count
    ]
