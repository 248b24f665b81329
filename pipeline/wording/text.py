"""Text from outside: cut to what a page can hold, and followed only where it is safe."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

LONGEST_TITLE: Final = 200
LONGEST_PUBLISHER: Final = 60
LONGEST_SENTENCE: Final = 300
_LONGEST_LINK: Final = 1_000
# What may stand in an address unescaped; brackets, quotes, stars and the like end a link somewhere.
_PLAIN_IN_LINKS: Final = "%/:?#@!$&+,;=-._~"
# Where a chat program would see an address: after a scheme, and at a dot between letters.
_LIKE_A_LINK: Final = re.compile(r"(:)(?=//)|((?<=\w)\.)(?=[^\W\d_])")
# U+2060, which nobody sees and which no address goes across.
_JOINER: Final = "\u2060"


def safe_link(address: str) -> str | None:
    """The address if it is one to follow: http or https with a host; None for all others."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and host else None


def sealed_link(address: str) -> str | None:
    """The address as any markup can hold it, percent-encoded; None where it is not safe.

    One that names a user before its host is not: it is made to look like another's.
    """
    if safe_link(address) is None or len(address) > _LONGEST_LINK:
        return None
    parts = urlsplit(address)
    if "@" in parts.netloc or not parts.netloc.isascii():
        return None
    return quote(address, safe=_PLAIN_IN_LINKS)


def cut(text: str, longest: int) -> str:
    """The text, cut at `longest` characters with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def unlinked(text: str) -> str:
    """The same to the eye, but no program makes a link of an address in it."""
    return _LIKE_A_LINK.sub(lambda found: f"{found[0]}{_JOINER}", text)


def defused(text: str, longest: int) -> str:
    """Text of others for a message: one line, at most `longest` characters before it is unlinked.

    It calls nobody (@ becomes its full-width form), links nowhere, and holds nothing invisible that
    could turn or hide what stands around it.
    """
    seen = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    return unlinked(cut(" ".join(seen.split()), longest).replace("@", "＠"))
