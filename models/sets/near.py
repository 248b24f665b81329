"""Near-duplicates among a hundred thousand texts, exactly and in seconds."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from models.data import words

Indices = NDArray[np.int64]

_ROWS: Final = 2_048
_PAIRS: Final = 200_000
_FIGURE: Final = re.compile(r"\d+(?:[.,:/-]\d+)*")
_LINK: Final = re.compile(r"\bhttp\b")
# Room for what float32 does to a share of two small integers.
_SLACK: Final = 1e-6


def comparable(text: str) -> str:
    """A cleaned text for comparison: links left out and all figures equal.

    Releases and market reports come in series that differ in nothing else.
    """
    return _FIGURE.sub("0", _LINK.sub(" ", text))


def pairs(texts: Sequence[str], threshold: float) -> Indices:
    """[n, 2] every pair (i < j) whose word Jaccard (models.data.words) is at least `threshold`.

    Exact. Two sets that are so alike share one of their rarest words: with words in one order from
    rare to common, one of the first |x| - ceil(t |x|) + 1 of each (prefix filtering, Chaudhuri,
    Ganti, Kaushik 2006). Only pairs that do are compared, which leaves out the common words.
    """
    bags = _bags(texts)
    heads = [bag[: len(bag) - math.ceil(threshold * len(bag) - _SLACK) + 1] for bag in bags]
    width = max((bag[-1] + 1 for bag in bags if bag), default=1)
    whole, head = _matrix(bags, width), _matrix(heads, width)
    sizes = np.diff(whole.indptr)
    across = head.T.tocsr()
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, len(bags), _ROWS):
        shared = (head[start : start + _ROWS] @ across).tocoo()
        i, j = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        less, more = np.minimum(sizes[i], sizes[j]), np.maximum(sizes[i], sizes[j])
        alike = (i < j) & (less >= threshold * more - _SLACK)
        found += _verified(whole, i[alike], j[alike], threshold)
    return np.concatenate(found)


def groups(count: int, near: Indices) -> Indices:
    """[count] a number for every chain of near-duplicates that the pairs make."""
    links = (np.ones(len(near), dtype=np.int8), (near[:, 0], near[:, 1]))
    graph = csr_matrix(links, shape=(count, count))
    numbers: Indices = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers


def _bags(texts: Sequence[str]) -> list[list[int]]:
    """The words of each text as numbers, the rarest first."""
    found = [words(comparable(text)) for text in texts]
    counts = Counter(word for bag in found for word in bag)
    order = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    numbers = {word: number for number, (word, _) in enumerate(order)}
    return [sorted(numbers[word] for word in bag) for bag in found]


def _matrix(bags: Sequence[Sequence[int]], width: int) -> csr_matrix:
    columns = np.array([word for bag in bags for word in bag], dtype=np.int64)
    starts = np.cumsum([0, *map(len, bags)])
    ones = np.ones(len(columns), dtype=np.float32)
    return csr_matrix((ones, columns, starts), shape=(len(bags), width))


def _verified(whole: csr_matrix, i: Indices, j: Indices, threshold: float) -> list[Indices]:
    """Those of the candidate pairs that are as alike as they must be."""
    sizes = np.diff(whole.indptr)
    found = []
    for start in range(0, len(i), _PAIRS):
        a, b = i[start : start + _PAIRS], j[start : start + _PAIRS]
        shared = np.asarray(whole[a].multiply(whole[b]).sum(axis=1)).ravel()
        kept = shared >= threshold * (sizes[a] + sizes[b] - shared) - _SLACK
        found.append(np.stack([a[kept], b[kept]], axis=1))
    return found
