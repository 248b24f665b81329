"""What exports, pages and link shorteners left in the texts of labelled sets is taken out."""

import bisect
import html
import re
from dataclasses import dataclass
from typing import Final

_TAGS: Final = "p|br|b|i|u|em|strong|span|div|font|a|img|table|tbody|tr|td|th|ul|ol|li|h[1-6]"
_INVISIBLE: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff"
# Control characters are what a wrong decoding left of quotes; private ones were somebody's emoji.
_BLANK: Final = "\\s\x00-\x1f\x7f-\x9f\ue000-\uf8ff"
_DEBRIS: Final = "|".join(
    [
        f"[{_BLANK}{_INVISIBLE}]",
        # A tag by its name only: FinEntity has codes of securities in such brackets.
        rf"</?(?:{_TAGS})(?:\s[^<>]{{0,300}})?/?>",
        "&nbsp;",
        r"\{IMG:\d+\}",
        r"\[\[\+_\+\]\]",
        # Emoji that were lost in an encoding.
        r"\?{3,}",
        # A line break that was escaped twice.
        r"\\n(?![A-Za-z])",
    ]
)
_UNWANTED: Final = re.compile(
    rf"(?P<debris>(?:{_DEBRIS})+)"
    # Chinese goes on behind a link without a blank: only ASCII belongs to it.
    r"|(?P<link>(?:https?://|www\.)[!-;=?-~]+)"
    r"|(?P<entity>&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});)"
    r"|(?P<slash>\\/)",
    re.IGNORECASE,
)
_ONLY_INVISIBLE: Final = re.compile(f"[{_INVISIBLE}]+")


@dataclass(frozen=True)
class Cleaned:
    """A text as a model should meet it, and where the characters of the original went."""

    text: str
    # (offset in the original, offset in the text) where each piece begins; both rise.
    pieces: tuple[tuple[int, int], ...]

    def at(self, offset: int) -> int:
        """Where the character at `offset` of the original stands; of what went, what follows it."""
        piece = bisect.bisect_right(self.pieces, offset, key=lambda pair: pair[0]) - 1
        old, new = self.pieces[piece]
        end = self.pieces[piece + 1][1] if piece + 1 < len(self.pieces) else len(self.text)
        return max(0, min(new + offset - old, end, len(self.text)))


def clean(text: str) -> Cleaned:
    """The text in one line, without markup and control characters; every link the word "http".

    What stands in the place of a word stays a blank, so that its neighbours do not grow together.
    """
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = last = 0
    for match in _UNWANTED.finditer(text):
        for start, part in ((last, text[last : match.start()]), (match.start(), _instead(match))):
            pieces.append((start, length))
            parts.append(part)
            length += len(part)
        last = match.end()
    pieces.append((last, length))
    whole = "".join([*parts, text[last:]])
    led = len(whole) - len(whole.lstrip())
    return Cleaned(whole.strip(), tuple((old, new - led) for old, new in pieces))


def _instead(match: re.Match[str]) -> str:
    found = match.group()
    if match["link"]:
        return "http"
    if match["slash"]:
        return "/"
    if match["entity"]:
        said = html.unescape(found)
        return " " if said.isspace() else said
    return "" if _ONLY_INVISIBLE.fullmatch(found) else " "
