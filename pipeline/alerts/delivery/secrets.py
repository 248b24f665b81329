"""Secrets of channels: looked up by name when needed, and taken out of whatever is told of them."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from pipeline.alerts.delivery.failures import Refused

# Shorter pieces of an address say nothing.
_TELLING: Final = 8
_PIECES: Final = re.compile(r"[/?&=]")


class Secrets:
    """The secrets of one process, and which of them it has used."""

    def __init__(self, look_up: Callable[[str], str | None]) -> None:
        self._look_up = look_up
        self._used: set[str] = set()

    def __call__(self, name: str) -> str:
        """The secret of that name. Raises Refused where it is not set."""
        value = self._look_up(name)
        if value is None:
            raise Refused(f"the secret {name} is not set: set TOCSIN_SECRET_{name}")
        self._used.add(value)
        return value

    def scrub(self, text: str) -> str:
        """The text without any secret that was used, or a piece of one that is an address."""
        for secret in sorted(self._used, key=len, reverse=True):
            text = text.replace(secret, "…")
            parts = urlsplit(secret)
            if parts.netloc:
                for piece in _PIECES.split(f"{parts.path}?{parts.query}"):
                    if len(piece) >= _TELLING:
                        text = text.replace(piece, "…")
        return text
