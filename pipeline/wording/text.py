"""Text from outside: cut to what a page can hold, and followed only where it is safe."""

from typing import Final
from urllib.parse import urlsplit

LONGEST_TITLE: Final = 200
LONGEST_SENTENCE: Final = 300


def safe_link(address: str) -> str | None:
    """The address if it is one to follow: http or https with a host; None for all others."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and host else None


def cut(text: str, longest: int) -> str:
    """The text, cut at `longest` characters with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
