"""Where a text names an entity, and the clause around each place."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

# Characters [start, end) of a text at which one entity is named; empty where it is not.
Spans = tuple[tuple[int, int], ...]

# Places of one name that are looked at; a text that repeats it more often says nothing new.
_MOST: Final = 32
# What parts the fortunes of two companies in one sentence: stops, and words that contrast. No
# colon or bracket, because what follows these is said of the name before ("Acme (ACM): loss"), and
# no 却, which stands behind its subject.
_SEPARATOR: Final = re.compile(
    r"[。！？；，!?;|…\n]|—+|\s[-–]\s|,(?!\d)|\.(?=\s|$)"
    r"|\b(?:while|whereas|but|although|though)\b|但|而(?!且)|不过|不過",
    re.IGNORECASE,
)
# What a clause says beside the name, in Latin letters, or it is read with its neighbours: in
# "Acme, Birch and Cole fall" the clause of Acme is its name alone.
_ENOUGH: Final = 12
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_WORD: Final = re.compile(r"[0-9A-Za-z]")


def find(names: Sequence[str], text: str) -> list[Spans]:
    """The places of each name in `text`, as whole words; the case is ignored where it must be.

    A place within a longer one of these names belongs to the longer one ("HDFC" in "HDFC Bank"),
    unless the shorter name stands nowhere else.
    """
    found: dict[str, Spans] = {}
    taken: list[tuple[int, int]] = []
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        places = _places(name, text)
        free = [place for place in places if not _within(place, taken)]
        found[name] = tuple(free or places)
        taken += free
    return [found[name] for name in names]


class Clauses:
    """A text cut at its separators."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts, self._ends = [0], []
        for match in _SEPARATOR.finditer(text):
            self._ends.append(match.start())
            self._starts.append(match.end())
        self._ends.append(len(text))

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Where the clause begins and ends that holds the characters [start, end).

        One that says little beside them is widened to its neighbours, on both sides at once.
        """
        last = len(self._starts) - 1
        low = max(0, bisect_right(self._starts, start) - 1)
        high = max(low, min(last, bisect_left(self._ends, end)))
        while self._said(low, high, start, end) < _ENOUGH and (low > 0 or high < last):
            low, high = max(0, low - 1), min(last, high + 1)
        return min(start, self._starts[low]), max(end, self._ends[high])

    def _said(self, low: int, high: int, start: int, end: int) -> int:
        rest = self._text[self._starts[low] : start] + self._text[end : self._ends[high]]
        rest = "".join(rest.split())
        # A Han character says about as much as three letters.
        return len(rest) + 2 * len(_HAN.findall(rest[:_ENOUGH]))


def _places(name: str, text: str) -> list[tuple[int, int]]:
    wanted = re.escape(name.strip())
    if not wanted:
        return []
    for flags in (re.NOFLAG, re.IGNORECASE):
        places = [match.span() for match in re.finditer(wanted, text, flags)]
        whole = [place for place in places if _whole(text, *place)]
        if whole:
            return whole[:_MOST]
    return []


def _whole(text: str, start: int, end: int) -> bool:
    """A Latin name must not be part of a longer word; Chinese has no word boundaries."""
    before = start > 0 and _WORD.match(text[start]) and _WORD.match(text[start - 1])
    after = end < len(text) and _WORD.match(text[end - 1]) and _WORD.match(text[end])
    return not before and not after


def _within(place: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return any(start <= place[0] and place[1] <= end for start, end in taken)
