"""Spellings made alike, character by character, so that places in a text stay where they are."""

from functools import cache
from typing import Final

# The blocks of common Chinese characters.
_HAN: Final = range(0x3400, 0xA000)
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
_TO_ASCII: Final = 0xFF01 - 0x21
_LATIN: Final = range(0x41, 0x250)
_HALF: Final = {code: chr(code - _TO_ASCII) for code in _FULL_WIDTH}
_SPACES: Final = "\u00a0\u3000\t"
_APOSTROPHES: Final = "\u2018\u2019\u02bc`"


def fold(text: str) -> str:
    """`text` in small letters, simplified script and half width; as long as it was."""
    return text.translate(_table())


def half_width(text: str) -> str:
    """`text` with letters and digits of half width; as long as it was."""
    return text.translate(_HALF)


@cache
def _table() -> dict[int, str]:
    # OpenCC's tables are read once, and only by who links names.
    from opencc import OpenCC

    han = [chr(code) for code in _HAN]
    simple = OpenCC("t2s").convert("\n".join(han)).split("\n")
    table = {ord(a): b for a, b in zip(han, simple, strict=True) if a != b and len(b) == 1}
    table |= {code: chr(code - _TO_ASCII).lower() for code in _FULL_WIDTH}
    small = ((code, chr(code).lower()) for code in _LATIN)
    table |= {code: letter for code, letter in small if len(letter) == 1 and ord(letter) != code}
    table |= {ord(space): " " for space in _SPACES}
    table |= {ord(mark): "'" for mark in _APOSTROPHES}
    return table
