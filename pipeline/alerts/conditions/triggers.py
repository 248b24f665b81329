"""Which severe event a headline tells: words of triggers.toml, where it does not take them back.

Headlines are other people's text: they are cut, folded and searched for listed words, no more.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from pipeline.folding import fold

# Characters of a headline that are read.
LONGEST: Final = 300
# What is said so near a word of the list, in the same clause, may deny it: characters.
_NEAR: Final = {"en": 40, "zh": 14}
_CLAUSES: Final = {
    "en": re.compile(
        r"[;:!|()…。]|,(?!\d)|\s[-–—]+\s|—+|\b(?:as|after|amid|following|but|while)\b"
    ),
    "zh": re.compile(r"[;:!|()…。\s]|,(?!\d)|—+"),
}
# A star in a listed phrase stands for a few words, or characters, of the same clause.
_GAP: Final = {"en": r"(?:[^\s-]+[\s-]+){0,5}?", "zh": r".{0,8}?"}
# What may stand between an event and a word that takes it back only directly before it.
_BETWEEN: Final = {"en": r"(?:[\s-]+(?!on|over|in|at|by|with|to)[a-z]+){0,2}[\s-]*$", "zh": r".?$"}


@dataclass(frozen=True)
class Trigger:
    """A listed phrase that a headline has."""

    # fraud, default, insolvency, probe or suspension.
    category: str
    # As the list writes it; a gap is an ellipsis.
    phrase: str


def named_in(title: str, lang: str, kinds: Iterable[str]) -> tuple[Trigger, bool] | None:
    """The first phrase of these kinds that the headline states, else the first that it denies.

    The second value says whether it is denied, asked about or only supposed. None: it has none.
    """
    if lang not in _NEAR:
        return None
    words, text = _words(lang), fold(title[:LONGEST])
    asked = "?" in text or bool(words.anywhere and words.anywhere.search(text))
    text = words.idioms.sub(lambda idiom: "_" * len(idiom[0]), text)
    denied = None
    for clause in _CLAUSES[lang].split(text):
        for trigger, pattern in words.triggers:
            found = pattern.search(clause) if trigger.category in kinds else None
            if not found:
                continue
            if not asked and not words.deny(clause, found.span()):
                return trigger, False
            denied = denied or (trigger, True)
    return denied


@dataclass(frozen=True)
class _Words:
    """The lists of one language, ready to search with."""

    triggers: Sequence[tuple[Trigger, re.Pattern[str]]]
    # What only sounds like an event.
    idioms: re.Pattern[str]
    before: re.Pattern[str]
    directly: re.Pattern[str]
    after: re.Pattern[str]
    # What denies from anywhere in the headline.
    anywhere: re.Pattern[str] | None
    near: int

    def deny(self, clause: str, span: tuple[int, int]) -> bool:
        start, end = span
        before, after = clause[max(0, start - self.near) : start], clause[end : end + self.near]
        return any(
            pattern.search(beside)
            for pattern, beside in (
                (self.before, before),
                (self.directly, before),
                (self.after, after),
            )
        )


def categories() -> frozenset[str]:
    """The kinds of events that there are lists for."""
    return frozenset(_lists()["trigger"])


@cache
def _lists() -> dict[str, Any]:
    text = resources.files("pipeline.alerts").joinpath("triggers.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _words(lang: str) -> _Words:
    lists, denied = _lists(), _lists()["denied"][lang]
    triggers = [
        (Trigger(category, phrase.replace("*", "…")), _any([phrase], lang))
        for category, by_language in lists["trigger"].items()
        for phrase in by_language[lang]
    ]
    return _Words(
        triggers,
        idioms=_any(denied["idioms"], lang),
        before=_any(denied["before"], lang),
        directly=_any(denied["directly"], lang, _BETWEEN[lang]),
        after=_any(denied["after"], lang),
        anywhere=_any(denied["anywhere"], lang) if denied["anywhere"] else None,
        near=_NEAR[lang],
    )


def _any(phrases: Sequence[str], lang: str, behind: str = "") -> re.Pattern[str]:
    """Whole words of English, with spaces or hyphens between; Chinese as it stands.

    `behind` is a pattern of what may follow.
    """
    between = r"[\s-]+" if lang == "en" else ""
    found = []
    for phrase in phrases:
        pieces = fold(phrase).split()
        parts = [
            _GAP[lang] if piece == "*" else re.escape(piece) + (between if n < len(pieces) else "")
            for n, piece in enumerate(pieces, 1)
        ]
        found.append("".join(parts))
    either = "|".join(found)
    whole = rf"(?<![a-z0-9_])(?:{either})(?![a-z0-9_])" if lang == "en" else f"(?:{either})"
    return re.compile(whole + behind)
