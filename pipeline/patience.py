"""How long to wait before something that is away is tried again."""

from collections.abc import Iterator
from typing import Final

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 15.0


def waits() -> Iterator[float]:
    """Seconds before each further try, twice as long each time, up to a limit."""
    wait = _FIRST_S
    while True:
        yield wait
        wait = min(wait * 2, _LONGEST_S)
