"""What of a text the encoder reads: its head, cleaned of what is not text."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

# Characters a token of real text has at most, on average: cutting here never shortens the window.
_CHARACTERS_A_TOKEN: Final = 8
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_BLANKS: Final = re.compile(r"\s+")
_SURROGATES: Final = re.compile(r"[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")

Span = tuple[int, int]
Script = Literal["en", "zh"]


def cleaner(specials: Iterable[str], window: int) -> "Cleaner":
    """A cleaner for a tokenizer with these special tokens and this many tokens of window."""
    return Cleaner(re.compile("|".join(map(re.escape, specials))), window * _CHARACTERS_A_TOKEN)


@dataclass(frozen=True)
class Traced:
    """A text made from another, of which each character knows where it came from."""

    text: str
    # For each character, the [start, end) in the first text that it stands for.
    origins: list[Span]

    def sub(self, pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> "Traced":
        """What `pattern.sub(new, text)` gives, traced. No match may be empty."""
        texts: list[str] = []
        origins: list[Span] = []
        done = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            put = new if isinstance(new, str) else new(match)
            texts += self.text[done:start], put
            origins += self.origins[done:start]
            origins += [(self.origins[start][0], self.origins[end - 1][1])] * len(put)
            done = end
        return Traced("".join([*texts, self.text[done:]]), origins + self.origins[done:])

    def __getitem__(self, part: slice) -> "Traced":
        return Traced(self.text[part], self.origins[part])


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
        text = self._specials.sub(" ", _LINK.sub("http", _paired(text)))
        return text[: self._limit]

    def traced(self, text: str) -> Traced:
        """The same, telling of each character where in `text` it stands. Slower."""
        head = text[: self._limit * 8]
        found = Traced(head, [(i, i + 1) for i in range(len(head))]).sub(_BLANKS, " ")
        found = found[found.text.startswith(" ") : len(found.text.rstrip())]
        found = found.sub(_SURROGATES, lambda match: _paired(match[0]))
        return found.sub(_LINK, "http").sub(self._specials, " ")[: self._limit]


def _paired(text: str) -> str:
    """Surrogate pairs as the character they mean, lone surrogates as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def script(text: str) -> Script:
    """The script most letters of the head of `text` are in: Chinese, or anything else as "en".

    Calibration is fitted by script: it needs no more, and a runtime is told no language.
    """
    head = text[:400]
    letters = len(_LETTER.findall(head))
    # A Chinese headline may name Latin tickers; a Han letter says about as much as three of them.
    return "zh" if letters and 4 * len(_HAN.findall(head)) >= letters else "en"
