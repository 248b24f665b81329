"""Sets and our own lines as training, development and held-out rows that share no near-duplicates.

1. A divided set keeps its held-out part. Another is cut into five folds by groups of its own
   near-duplicates, so that its folds are the same in every mixture.
2. Near-duplicates are grouped once more, across all sets. A group with a held-out row is not
   trained on.
3. Development rows are cut from what is left, group by group.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import msgspec
import numpy as np

from models.data import Example
from models.sets.dealing import FOLDS, deal_dev, deal_folds, order
from models.sets.finding import public_set
from models.sets.mixture import Mixture, Mixtures
from models.sets.near import Indices, groups, pairs
from models.sets.row import OWN, Row
from models.sets.rows import own_rows, read_rows
from models.sets.sources import Source

NEAR_HELD_OUT: Final = "near a held-out row"
OVER_CAP: Final = "over the cap"


@dataclass(frozen=True)
class Assembled:
    """Rows to train, choose and measure on; no group of near-duplicates lies in two of them."""

    train: list[Row]
    dev: list[Row]
    # Of sets that are trained on and of those that are only measured on.
    test: list[Row]
    # Set -> weight of its rows in the loss, relative to 1.
    weights: dict[str, float]
    # (set, why) -> rows or mentions left out.
    dropped: Counter[tuple[str, str]]


def assemble(
    mixtures: Mixtures, name: str, source: Source, corpus: Sequence[Example], fold: int
) -> Assembled:
    """The rows of the mixture `name`, with `fold` (0 to 4) of the undivided sets held out.

    Deterministic. Raises ModelError where the mixture or a set of it is not there or not as it
    should be.
    """
    if fold not in range(FOLDS):
        raise ValueError(f"fold {fold} is none of 0 to {FOLDS - 1}")
    mixture = mixtures.named(name)
    dropped: Counter[tuple[str, str]] = Counter()
    rows = [*own_rows(corpus), *_read(mixture, source, dropped)]
    near = pairs([row.text for row in rows], mixtures.near)
    numbers = groups(len(rows), near).tolist()
    rows = [
        msgspec.structs.replace(row, group=group, fold=dealt)
        for row, group, dealt in zip(rows, numbers, _folds(rows, near), strict=True)
    ]
    test = [_held_out(row, mixture, fold) for row in rows]
    spoilt = {row.group for row in compress(rows, test)}
    rest = [row for row, held_out in zip(rows, test, strict=True) if not held_out]
    dropped.update((row.set, NEAR_HELD_OUT) for row in rest if row.group in spoilt)
    usable = _capped([row for row in rest if row.group not in spoilt], mixture, dropped)
    dev = deal_dev(usable, [row.group for row in usable], mixtures.dev_share)
    return Assembled(
        train=[row for row, chosen in zip(usable, dev, strict=True) if not chosen],
        dev=list(compress(usable, dev)),
        test=list(compress(rows, test)),
        weights={OWN: mixture.corpus}
        | {member: share.weight for member, share in mixture.sets.items()},
        dropped=dropped,
    )


def _read(mixture: Mixture, source: Source, dropped: Counter[tuple[str, str]]) -> list[Row]:
    """The rows of all sets; of those only measured on, no training part."""
    found = []
    for member in [*mixture.sets, *mixture.measured]:
        public = public_set(member)
        read = read_rows(public, source(public))
        dropped.update({(member, why): count for why, count in read.dropped.items() if count})
        found += [row for row in read.rows if row.split != "train" or member in mixture.sets]
    return found


def _folds(rows: Sequence[Row], near: Indices) -> list[int | None]:
    """Folds of the undivided sets, each by its own near-duplicates alone."""
    names = np.array([row.set for row in rows])
    within = near[names[near[:, 0]] == names[near[:, 1]]]
    numbers = groups(len(rows), within)
    found: list[int | None] = [None] * len(rows)
    for name in sorted({row.set for row in rows if row.split is None}):
        places = np.flatnonzero(names == name).tolist()
        dealt = deal_folds([rows[i] for i in places], numbers[places].tolist())
        for place, fold in zip(places, dealt, strict=True):
            found[place] = fold
    return found


def _held_out(row: Row, mixture: Mixture, fold: int) -> bool:
    return row.split == "test" or row.fold == fold or row.set in mixture.measured


def _capped(rows: Sequence[Row], mixture: Mixture, dropped: Counter[tuple[str, str]]) -> list[Row]:
    """No more rows of a set than its cap, an arbitrary but fixed choice."""
    left: set[tuple[str, str]] = set()
    for member, share in mixture.sets.items():
        members = [row for row in rows if row.set == member]
        if share.cap is not None and len(members) > share.cap:
            members.sort(key=lambda row: order(row.text))
            left.update((row.set, row.id) for row in members[share.cap :])
            dropped[member, OVER_CAP] += len(members) - share.cap
    return [row for row in rows if (row.set, row.id) not in left]
