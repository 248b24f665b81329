"""What of a text the encoder reads: its head, cleaned of what is not text."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

# Characters a token of real text has at most, on average: cutting here never shortens the window.
_CHARACTERS_A_TOKEN: Final = 8
# Runs of blanks, and single blanks that are no space.
_BLANKS: Final = re.compile(r"\s{2,}|[^\S ]")
_SURROGATES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER: Final = re.compile(r"[^\W\d_]")

Script = Literal["en", "zh"]
Span = tuple[int, int]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cleaned:
    """A text made safe, and where each of its characters comes from."""

    text: str
    # Where in the raw text each character, or what it replaces, begins and ends; neither falls.
    origin: Ints
    until: Ints

    def span(self, start: int, end: int) -> Span:
        """Where the raw characters [start, end) are now; an empty span where none is left."""
        low, high = np.searchsorted(self.origin, (start, max(start, end)))
        return int(low), int(high)

    def raw(self, start: int, end: int) -> Span:
        """Where the characters [start, end), at least one, were in the raw text."""
        return int(self.origin[start]), int(self.until[end - 1])

    def __getitem__(self, part: slice) -> "Cleaned":
        return Cleaned(self.text[part], self.origin[part], self.until[part])

    @classmethod
    def joined(cls, parts: Sequence["Cleaned"]) -> "Cleaned":
        """Parts of one raw text, in its order."""
        return cls(
            "".join(part.text for part in parts),
            np.concatenate([part.origin for part in parts]),
            np.concatenate([part.until for part in parts]),
        )


def cleaner(specials: Iterable[str], window: int) -> "Cleaner":
    """A cleaner for a tokenizer with these special tokens and this many tokens of window."""
    return Cleaner(re.compile("|".join(map(re.escape, specials))), window * _CHARACTERS_A_TOKEN)


class Cleaner:
    """Makes any string safe and short enough to tokenise."""

    def __init__(self, specials: re.Pattern[str], limit: int) -> None:
        self._specials = specials
        # Characters that are left of a text at most.
        self.limit = limit

    def __call__(self, text: str) -> str:
        """The cleaned text alone; see `tracked`."""
        return self.tracked(text).text

    def tracked(self, text: str) -> Cleaned:
        """At most the window's worth of `text`, in one line.

        Lone surrogates become U+FFFD, links the word `http`; special tokens written out in the
        text ("<s>") lose their meaning, or a page could end its own sentence.
        """
        # Runs of blanks must not push the text out of the cut, nor cost more than reading them.
        head = text[: self.limit * 8]
        places = np.arange(len(head))
        found = Cleaned(head, places, places + 1)
        found = _stripped(_replaced(found, _BLANKS, lambda _: " "))
        found = _replaced(found, _SURROGATES, _joined)
        found = _replaced(found, _LINK, lambda _: "http")
        found = _replaced(found, self._specials, lambda _: " ")
        return found[: self.limit]


def script(text: str) -> Script:
    """The script most letters of the head of `text` are in: Chinese, or anything else as "en".

    Calibration is fitted by script: it needs no more, and a runtime is told no language.
    """
    head = text[:400]
    letters = len(_LETTER.findall(head))
    # A Chinese headline may name Latin tickers; a Han letter says about as much as three of them.
    return "zh" if letters and 4 * len(_HAN.findall(head)) >= letters else "en"


def _replaced(found: Cleaned, pattern: re.Pattern[str], by: Callable[[str], str]) -> Cleaned:
    parts: list[Cleaned] = []
    reached = 0
    for match in pattern.finditer(found.text):
        new = by(match[0])
        start, end = found.raw(*match.span())
        places = np.full(len(new), start), np.full(len(new), end)
        parts += [found[reached : match.start()], Cleaned(new, *places)]
        reached = match.end()
    return Cleaned.joined([*parts, found[reached:]]) if parts else found


def _stripped(found: Cleaned) -> Cleaned:
    """Without the one blank that may be left at either end."""
    start = int(found.text.startswith(" "))
    end = max(start, len(found.text) - found.text.endswith(" "))
    return found[start:end]


def _joined(surrogates: str) -> str:
    """The character two surrogates stand for; of a lone one nothing can be made."""
    return surrogates.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
