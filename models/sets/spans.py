"""Where names stand in a text, for sets that name entities without their places."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

Span = tuple[int, int]

# "宜贷网(沪)": the qualifier tells two companies apart and is not written in the texts.
_QUALIFIER: Final = re.compile(r"[(（][^()（）]*[)）]\s*$")
_EDGE: Final = re.compile(r"[0-9A-Za-z]")


def find(text: str, names: Sequence[str]) -> list[Span | None]:
    """Where each name stands first by itself, that is, not inside a longer one of `names`.

    Spelt as it is, else in other cases, else without a qualifier in brackets at its end. A name
    that only stands inside longer ones gets that place; one that is nowhere gets None.
    """
    taken: list[Span] = []
    found: dict[str, Span | None] = {}
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        places = _places(text, name)
        alone = next((place for place in places if not _inside(place, taken)), None)
        found[name] = alone or next(iter(places), None)
        taken += places
    return [found[name] for name in names]


def nearest(text: str, name: str, start: int) -> Span | None:
    """The place of a name that begins closest to `start`; None where the text has it nowhere."""
    places = _places(text, name)
    return min(places, key=lambda place: (abs(place[0] - start), place[0]), default=None)


def _places(text: str, name: str) -> list[Span]:
    for spelling, flags in _spellings(name):
        # A ticker must not be found inside another word.
        before = "(?<![0-9A-Za-z])" if _EDGE.match(spelling[0]) else ""
        after = "(?![0-9A-Za-z])" if _EDGE.match(spelling[-1]) else ""
        places = re.finditer(f"{before}{re.escape(spelling)}{after}", text, flags)
        if spans := [place.span() for place in places]:
            return spans
    return []


def _spellings(name: str) -> Iterator[tuple[str, re.RegexFlag]]:
    short = _QUALIFIER.sub("", name)
    for spelling in (name, short):
        if spelling:
            yield spelling, re.NOFLAG
            yield spelling, re.IGNORECASE


def _inside(place: Span, taken: Sequence[Span]) -> bool:
    return any(start <= place[0] and place[1] <= end for start, end in taken)
