"""The tokens of console.css, and the contrast of every pair that is used together."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[3] / "console" / "static" / "console.css").read_text("utf-8")
HEX = r"#[0-9A-Fa-f]{6}"
TOKENS = {
    name: (light, dark or light)
    for name, light, dark in re.findall(
        rf"--([a-z0-9-]+): (?:light-dark\()?({HEX})(?:, ({HEX})\))?;", CSS
    )
}

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "surface")),
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("sunken", "new")),
    ("negative-ink", "surface"),
    ("negative-ink", "sunken"),
    ("positive-ink", "surface"),
    ("positive-ink", "sunken"),
    ("stale-ink", "stale"),
    ("stale-ink", "paper"),
    ("paper", "ink"),
    ("paper", "ink-2"),
    ("critical-ink", "critical"),
    ("high-ink", "high"),
    ("ink", "tint"),
    ("ink", "level"),
    ("ink", "minus1"),
    ("ink", "plus1"),
    ("heat-mid-ink", "minus2"),
    ("heat-mid-ink", "plus2"),
    ("heat-end-ink", "minus3"),
    ("heat-end-ink", "plus3"),
]
MARKS = [
    *((mark, "surface") for mark in ("negative", "positive", "bar", "edge", "ink", "ink-2")),
    ("bar", "band"),
    ("negative", "band"),
    ("edge", "paper"),
    ("edge", "sunken"),
    ("negative", "tint"),
    ("new-bar", "new"),
    ("bar", "sunken"),
    ("negative", "sunken"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("over", "under", "least"),
    [*((a, b, 4.5) for a, b in TEXT), *((a, b, 3.0) for a, b in MARKS)],
)
def test_pairs_can_be_told_apart(over: str, under: str, least: float, theme: int) -> None:
    assert contrast(TOKENS[over][theme], TOKENS[under][theme]) >= least


def test_no_colour_is_used_outside_the_pairs() -> None:
    written = set(re.findall(r"[; {](?:color|fill|stroke): var\(--([a-z0-9-]+)\)", CSS))
    decoration = {"rule", "band", "surface"}
    assert written - decoration <= {over for over, _ in (*TEXT, *MARKS)}


def test_colours_are_tokens() -> None:
    rules = CSS.split(":root[data-theme", 1)[1]
    assert re.findall(HEX, rules) == []
