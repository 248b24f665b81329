"""The lists of words that linking goes by."""

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_HERE: Final = Path(__file__).parent


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """words.toml. Entries of after and before are regular expressions over folded text."""

    platforms: tuple[str, ...]
    agencies: tuple[str, ...]
    after_en: tuple[str, ...]
    before_en: tuple[str, ...]
    persons_en: tuple[str, ...]
    after_zh: tuple[str, ...]
    before_zh: tuple[str, ...]
    market_zh: tuple[str, ...]
    another_en: tuple[str, ...]
    another_zh: tuple[str, ...]
    no_names: frozenset[str]


def everyday() -> frozenset[str]:
    """Names of companies that are words, places or people too, as they are written."""
    files = (_HERE / "everyday_en.txt", _HERE / "everyday_zh.txt")
    return frozenset(line for file in files for line in file.read_text("utf-8").splitlines())


@cache
def everyday_tickers() -> frozenset[str]:
    """Symbols of American securities that are words or abbreviations too; in capitals."""
    return frozenset((_HERE / "everyday_tickers.txt").read_text("utf-8").split())


WORDS: Final = msgspec.toml.decode((_HERE / "words.toml").read_bytes(), type=Words)
