"""Labelled lines: reading them, telling near-duplicates, splitting without leaks."""

import hashlib
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np
from scipy.sparse import csr_matrix

from models.errors import ModelError
from models.labels import SENTIMENTS, TOPICS

# From this word Jaccard on two lines count as one story told twice.
NEAR: Final = 0.4
# Labels given by a second annotator; they have no text of their own.
SECOND_LABELS: Final = "second_labels.jsonl"
_WORD: Final = re.compile(r"[^\W_\u3400-\u9fff\uf900-\ufaff]+|[\u3400-\u9fff\uf900-\ufaff]+")
_BLOCK: Final = 512


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject that a line names, and how it fares: docs/taxonomy.md, entity sentiment."""

    # As it first stands in the text.
    name: str
    # One of models.labels.SENTIMENTS.
    sentiment: str


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One labelled line of a corpus."""

    id: str
    text: str
    lang: Literal["en", "zh"]
    # One of models.labels.TOPICS.
    topic: str
    # One of models.labels.SENTIMENTS.
    sentiment: str
    entities: tuple[Named, ...] = ()

    def __post_init__(self) -> None:
        if self.topic not in TOPICS:
            raise ValueError(f"unknown topic {self.topic!r}")
        if self.sentiment not in SENTIMENTS:
            raise ValueError(f"unknown sentiment {self.sentiment!r}")
        if not self.text.strip():
            raise ValueError("empty text")
        for entity in self.entities:
            if entity.sentiment not in SENTIMENTS or entity.name not in self.text:
                raise ValueError(f"{entity.name!r}: not in the text, or wrongly labelled")


@dataclass(frozen=True)
class Split:
    """Three parts of a corpus; no near-duplicates lie in two of them."""

    fit: list[Example]
    dev: list[Example]
    held_out: list[Example]


def read_corpus(folder: Path) -> list[Example]:
    """Every line of every .jsonl file in `folder`, in the order of their ids.

    Raises ModelError with file and line where a line is wrong, an id doubled, or nothing is there.
    """
    found: dict[str, Example] = {}
    decoder = msgspec.json.Decoder(Example)
    for path in sorted(folder.glob("*.jsonl")):
        if path.name == SECOND_LABELS:
            continue
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                example = decoder.decode(line)
            except msgspec.DecodeError as error:
                raise ModelError(f"{path}:{number}: {error}") from error
            if found.setdefault(example.id, example) is not example:
                raise ModelError(f"{path}:{number}: the id {example.id} is taken already")
    if not found:
        raise ModelError(f"{folder} has no labelled lines (*.jsonl).")
    return [found[key] for key in sorted(found)]


def digest(examples: Sequence[Example]) -> str:
    """sha256 (hex) of the lines, whatever files and order they came in."""
    lines = sorted(msgspec.json.encode(example) for example in examples)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def words(text: str) -> set[str]:
    """The words of a text, lower-cased; of Chinese, which has no spaces, its character pairs."""
    found: set[str] = set()
    for run in _WORD.findall(text.casefold()):
        if "\u3400" <= run[0] <= "\u9fff" or "\uf900" <= run[0] <= "\ufaff":
            found.update(run[i : i + 2] for i in range(max(len(run) - 1, 1)))
        else:
            found.add(run)
    return found


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> Iterator[tuple[int, int, float]]:
    """Every pair (i < j) whose word Jaccard is at least `threshold`, with it. Exact, in blocks."""
    sets = [words(text) for text in texts]
    columns: dict[str, int] = {}
    rows, cols = [], []
    for row, found in enumerate(sets):
        for word in found:
            rows.append(row)
            cols.append(columns.setdefault(word, len(columns)))
    shape = (len(sets), max(len(columns), 1))
    matrix = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, cols)), shape=shape)
    sizes = np.array([len(found) for found in sets], dtype=np.float32)
    for start in range(0, len(sets), _BLOCK):
        shared = (matrix[start : start + _BLOCK] @ matrix.T).toarray()
        either = np.maximum(sizes[start : start + _BLOCK, None] + sizes[None, :] - shared, 1)
        jaccard = shared / either
        for i, j in zip(*np.nonzero(jaccard >= threshold), strict=True):
            if start + i < j:
                yield int(start + i), int(j), float(jaccard[i, j])


def groups(examples: Sequence[Example]) -> list[list[Example]]:
    """The examples as groups of (chains of) near-duplicates."""
    parent = list(range(len(examples)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j, _ in near_pairs([example.text for example in examples]):
        parent[root(j)] = root(i)
    grouped: dict[int, list[Example]] = defaultdict(list)
    for i, example in enumerate(examples):
        grouped[root(i)].append(example)
    return list(grouped.values())


def split(examples: Sequence[Example], held_out: float, dev: float, seed: int) -> Split:
    """Part a corpus into training, development and held-out lines.

    Shares are of 1 and kept within every language x topic x sentiment; a group of near-duplicates
    goes where its first line goes.
    """
    strata: dict[tuple[str, str, str], list[list[Example]]] = defaultdict(list)
    for group in groups(examples):
        strata[group[0].lang, group[0].topic, group[0].sentiment].append(group)
    # One generator for all, and its offset carried from stratum to stratum: shares are then right
    # over the corpus even where a stratum has fewer lines than a share needs.
    generator = random.Random(seed)  # noqa: S311
    parts = Split([], [], [])
    owed_held, owed_dev = generator.random(), generator.random()
    for key in sorted(strata):
        generator.shuffle(strata[key])
        for group in strata[key]:
            owed_held += held_out
            owed_dev += dev
            if owed_held >= 1:
                owed_held -= 1
                parts.held_out.extend(group)
            elif owed_dev >= 1:
                owed_dev -= 1
                parts.dev.extend(group)
            else:
                parts.fit.extend(group)
    return parts
