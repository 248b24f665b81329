"""Which words of a text are rare: names, mostly, by which reports of one event are known.

    python -m pipeline.terms models/corpus > pipeline/common_terms.txt

makes the list of those that are not: what stands in at least three of our own labelled lines.
"""

import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from pipeline.folding import fold

_LIST: Final = Path(__file__).with_name("common_terms.txt")
# Labels given by a second annotator; they have no text of their own.
_WITHOUT_TEXT: Final = "second_labels.jsonl"
_COMMON: Final = 3
_WORD: Final = re.compile(r"[a-z]{3,}")
_RUN: Final = re.compile(r"[\u4e00-\u9fff]+")
# Characters of a text that are looked at.
_READ: Final = 600


def rare(text: str) -> frozenset[str]:
    """Words, and pairs of neighbouring Chinese characters, that are not common."""
    return frozenset(terms(text)) - _common()


def keys(text: str) -> frozenset[int]:
    """The rare words as signed 32-bit numbers, by which texts can be compared that are not kept.

    Two words have the same number once in four thousand million times.
    """
    return frozenset(zlib.crc32(word.encode()) - 2**31 for word in rare(text))


def terms(text: str) -> Iterator[str]:
    """English words of three letters and more, and pairs of Chinese characters, either script."""
    folded = fold(text[:_READ])
    yield from _WORD.findall(folded)
    for run in _RUN.findall(folded):
        yield from (first + second for first, second in pairwise(run))


def common(corpus: Path) -> list[str]:
    """What stands in several lines of the corpus, in order."""
    counts = Counter(
        term
        for path in sorted(corpus.glob("*.jsonl"))
        if path.name != _WITHOUT_TEXT
        for line in path.read_text("utf-8").splitlines()
        for term in set(terms(json.loads(line)["text"]))
    )
    return sorted(term for term, count in counts.items() if count >= _COMMON)


@cache
def _common() -> frozenset[str]:
    return frozenset(_LIST.read_text("utf-8").split())


if __name__ == "__main__":
    print("\n".join(common(Path(sys.argv[1]))))
