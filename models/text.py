"""What of a text the encoder reads: its head, cleaned of what is not text."""

import re
from collections.abc import Iterable
from typing import Final, Literal

# Characters a token of real text has at most, on average: cutting here never shortens the window.
_CHARACTERS_A_TOKEN: Final = 8
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER: Final = re.compile(r"[^\W\d_]")

Script = Literal["en", "zh"]


def cleaner(specials: Iterable[str], window: int) -> "Cleaner":
    """A cleaner for a tokenizer with these special tokens and this many tokens of window."""
    return Cleaner(re.compile("|".join(map(re.escape, specials))), window * _CHARACTERS_A_TOKEN)


class Cleaner:
    """Makes any string safe and short enough to tokenise."""

    def __init__(self, specials: re.Pattern[str], limit: int) -> None:
        self._specials = specials
        self._limit = limit

    def __call__(self, text: str) -> str:
        """At most the window's worth of `text`, in one line.

        Lone surrogates become U+FFFD, links the word `http`; special tokens written out in the
        text ("<s>") lose their meaning, or a page could end its own sentence.
        """
        # Runs of blanks must not push the text out of the cut, nor cost more than reading them.
        text = " ".join(text[: self._limit * 8].split())
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = self._specials.sub(" ", _LINK.sub("http", text))
        return text[: self._limit]


def script(text: str) -> Script:
    """The script most letters of the head of `text` are in: Chinese, or anything else as "en".

    Calibration is fitted by script: it needs no more, and a runtime is told no language.
    """
    head = text[:400]
    letters = len(_LETTER.findall(head))
    # A Chinese headline may name Latin tickers; a Han letter says about as much as three of them.
    return "zh" if letters and 4 * len(_HAN.findall(head)) >= letters else "en"
