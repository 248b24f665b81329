"""Which parts of a text longer than the window are read: headline, lead, and what was asked for."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[\"'“‘(]?[A-Z0-9])|(?<=[。！？!?])|\n+")
# Passes over one text; what is still unread after them is judged by the text as a whole.
_MOST_PASSES: Final = 4

# One pass over a text: (unit, its first tokens that are read), in the order of the text.
Pass = list[tuple[int, int]]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence of a text begins and ends, in order, blanks around it left out."""
    cuts = [match.span() for match in _SENTENCE_END.finditer(text)]
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    found = []
    for start, end in zip(starts, ends, strict=True):
        part = text[start:end]
        if part.strip():
            begin = start + len(part) - len(part.lstrip())
            found.append((begin, begin + len(part.strip())))
    return found


def largest_unit(room: int) -> int:
    """Tokens a unit may have where a pass has `room`: longer sentences are cut into several."""
    return max(1, room // 4)


def choose(
    sizes: Sequence[int], headline: int, wanted: Sequence[Sequence[int]], room: int
) -> list[Pass]:
    """Which units of a text go into which pass of at most `room` tokens.

    `sizes` are the tokens of each unit (a sentence, or a part of a long one), of which the first
    `headline` are the headline; `wanted` are for each entity the units that name it. The first
    pass has the headline and the lead, at least half the room where they fill it, then a unit of
    each entity, then their further units, and is filled up from the beginning. Entities for which
    it has no room get passes of their own, with the headline, as many as are allowed.
    """
    first = _Draft(sizes, room)
    first.take_while(range(headline), room // 2)
    first.take_while(range(headline, len(sizes)), room // 2)
    waiting = [units for units in wanted if units and not first.has_any(units)]
    late = [units for units in waiting if not first.take(units[0])]
    for units in wanted:
        for unit in units:
            first.take(unit)
    first.fill()
    passes = [first.units()]
    late = [units for units in late if not first.has_any(units)]
    while late and len(passes) < _MOST_PASSES:
        draft = _Draft(sizes, room)
        draft.take_while(range(headline), room // 4)
        late = [units for units in late if not draft.take(units[0])]
        passes.append(draft.units())
    return passes


class _Draft:
    """A pass that is being filled."""

    def __init__(self, sizes: Sequence[int], room: int) -> None:
        self._sizes = sizes
        self._room = room
        self._taken: dict[int, int] = {}

    def has_any(self, units: Iterable[int]) -> bool:
        """Whether one of these units is in, whole."""
        return any(self._taken.get(unit) == self._sizes[unit] for unit in units)

    def take(self, unit: int) -> bool:
        """Take a unit if there is room for all of it; whether it is in now."""
        if unit not in self._taken and self._used() + self._sizes[unit] <= self._room:
            self._taken[unit] = self._sizes[unit]
        return unit in self._taken

    def take_while(self, units: Iterable[int], room: int) -> None:
        """Take units in order up to the first that would not fit in `room`."""
        for unit in units:
            if self._used() + self._sizes[unit] > room:
                return
            self._taken[unit] = self._sizes[unit]

    def fill(self) -> None:
        """Take what is missing from the beginning on; the last of it is cut."""
        for unit, size in enumerate(self._sizes):
            left = self._room - self._used()
            if left <= 0:
                return
            if unit not in self._taken:
                self._taken[unit] = min(size, left)

    def units(self) -> Pass:
        """What was taken, in the order of the text."""
        return sorted(self._taken.items())

    def _used(self) -> int:
        return sum(self._taken.values())
