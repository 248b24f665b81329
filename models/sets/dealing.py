"""Dealing groups of near-duplicates into folds and development rows, the same way every time."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from models.sets.row import Row

FOLDS: Final = 5


def order(text: str) -> int:
    """A number that puts texts into one arbitrary order, wherever they were read from."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def deal_folds(rows: Sequence[Row], groups: Sequence[int]) -> list[int]:
    """A fold for every row, one a group; folds are of like size in every class."""
    dealt: dict[int, int] = {}
    of_class: Counter[tuple[str, int]] = Counter()
    of_all: Counter[int] = Counter()
    members = _members(groups)
    for group in sorted(members, key=lambda g: (-len(members[g]), _first(rows, members[g]))):
        label = stratum(rows[members[group][0]])
        fold = min(range(FOLDS), key=lambda f: (of_class[label, f], of_all[f], f))
        dealt[group] = fold
        of_class[label, fold] += len(members[group])
        of_all[fold] += len(members[group])
    return [dealt[group] for group in groups]


def deal_dev(rows: Sequence[Row], groups: Sequence[int], share: float) -> list[bool]:
    """Whether each row is for development: whole groups, about `share` of every class of a set.

    A group that is larger than what is left of its class's share stays in training.
    """
    members = _members(groups)
    room = Counter({label: share * n for label, n in Counter(map(stratum, rows)).items()})
    chosen = set()
    for group in sorted(members, key=lambda g: _first(rows, members[g])):
        label = stratum(rows[members[group][0]])
        if room[label] >= len(members[group]) - 0.5:
            room[label] -= len(members[group])
            chosen.add(group)
    return [group in chosen for group in groups]


def stratum(row: Row) -> str:
    """The class of a row that divisions keep the shares of."""
    return f"{row.set} {row.lang} {row.native or row.topic} {row.sentiment}"


def _members(groups: Sequence[int]) -> dict[int, list[int]]:
    members = defaultdict(list)
    for row, group in enumerate(groups):
        members[group].append(row)
    return members


def _first(rows: Sequence[Row], members: Sequence[int]) -> int:
    return min(order(rows[i].text) for i in members)
