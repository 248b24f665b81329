"""The words of a text as the encoder reads it: what pieces each is made of, where it stands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.text import Span

_LETTERS: Final = r"[^\W_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
# "HK$41", "3.5%", "S&P", "O'Neil's" are a word each. Chinese has no spaces: its words are pieces.
_WORD: Final = re.compile(rf"[$€£¥]?{_LETTERS}(?:[-.,'’&$€£¥]{_LETTERS})*%?")


@dataclass(frozen=True)
class Word:
    """A word of a text, a piece of a Chinese one, or a mark."""

    # Character offsets [start, end) into the text as it was given.
    start: int
    end: int
    # Where its pieces stand among the token ids, in order.
    positions: tuple[int, ...]


def words(text: str, spans: Sequence[Span | None]) -> list[Word]:
    """The words of `text` in order, from the [start, end) that each of its pieces stands at.

    Positions without a span belong to no word. A piece of blanks goes with the word it precedes.
    """
    owners: dict[int, int] = {}
    # What lies behind the last piece may be a megabyte.
    for match in _WORD.finditer(text, 0, max((span[1] for span in spans if span), default=0)):
        owners.update(dict.fromkeys(range(*match.span()), match.start()))
    found: list[Word] = []
    last: int | None = None
    waiting: tuple[int, ...] = ()
    for position, span in enumerate(spans):
        if span is None:
            continue
        inner = _unpadded(text, span)
        if inner is None:
            waiting += (position,)
            continue
        start, end = inner
        owner = next((owners[i] for i in range(start, end) if i in owners), None)
        # Some tokenizers give a character several pieces.
        if found and (start < found[-1].end or (owner is not None and owner == last)):
            before = found.pop()
            found.append(Word(before.start, end, (*before.positions, *waiting, position)))
        else:
            found.append(Word(start, end, (*waiting, position)))
        last, waiting = owner, ()
    return found


def _unpadded(text: str, span: Span) -> Span | None:
    """The span without the blanks at its ends; None where there is nothing else."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
