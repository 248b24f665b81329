"""The languages and scripts that recipients read."""

from collections.abc import Callable
from functools import cache
from typing import Literal, cast

from pipeline.wording.words import Words

# Chinese in simplified script is plain `zh`, as on the console.
Reads = Literal["en", "zh", "zh-Hant"]


def words(reads: Reads) -> Words:
    """Every word in that language and script. Headlines stay as they were published."""
    if reads == "zh-Hant":
        return Words("zh", reads, _traditional())
    return Words(reads)


@cache
def _traditional() -> Callable[[str], str]:
    """Into the characters of Hong Kong."""
    # Its tables are read only where somebody reads them.
    from opencc import OpenCC

    return cast(Callable[[str], str], OpenCC("s2hk").convert)
