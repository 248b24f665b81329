"""Simpler rules to compare with on the planted surges: a z-score, an EWMA, a rule of thumb."""

from collections.abc import Callable
from typing import Final

import numpy as np
from planted import BUCKETS, ISSUERS, PER_DAY, PER_HOUR, Floats, Ints, World

from pipeline.alerts import rules
from pipeline.alerts.windows import BUCKET

COOL_DOWN: Final = rules.parse("surge", rules.shipped()["surge"]).cool_down // BUCKET

# Of each issuer: ends of buckets with a story, and how loud it is there.
Loudness = list[tuple[Ints, Floats]]


def z_score(world: World) -> Loudness:
    """How many standard deviations an hour's count lies above the hours of the week before."""
    return _by_hours(world, lambda past: (float(past.mean()), float(past.std())))


def ewma(world: World) -> Loudness:
    """The same, with mean and deviation exponentially weighted, half of it from the last day."""
    weights = 0.5 ** (np.arange(7 * 24)[::-1] / 24)
    weights /= weights.sum()

    def weighted(past: Floats) -> tuple[float, float]:
        mean = float(weights @ past)
        return mean, float(np.sqrt(weights @ (past - mean) ** 2))

    return _by_hours(world, weighted)


def _by_hours(world: World, usual: Callable[[Floats], tuple[float, float]]) -> Loudness:
    found = []
    for issuer in range(ISSUERS):
        buckets = world.bucket[world.issuer == issuer]
        ends = np.unique(buckets) + 1
        total = summed(np.bincount(buckets, minlength=BUCKETS).astype(np.float64))
        loud = np.zeros(len(ends))
        for row, end in enumerate(ends.tolist()):
            hours = end - PER_HOUR * np.arange(7 * 24 + 2)
            if hours[-1] < 0:
                continue
            counts = (total[hours[:-1]] - total[hours[1:]])[::-1]
            mean, deviation = usual(counts[:-1])
            # Below one story an hour the deviation of an empty week would be none.
            loud[row] = (counts[-1] - mean) / max(deviation, 0.5)
        found.append((ends, loud))
    return found


def rule_of_thumb(world: World) -> list[list[int]]:
    """Two hours with over three times the week's mean, five stories and two publishers."""
    found = []
    for issuer in range(ISSUERS):
        rows = world.issuer == issuer
        buckets, publishers = world.bucket[rows], world.publishers[rows]
        ends = np.unique(buckets) + 1
        first, last = np.searchsorted(buckets, [ends - 2 * PER_HOUR, ends])
        week = last - np.searchsorted(buckets, ends - 7 * PER_DAY)
        counts, carried = last - first, summed(publishers.astype(np.float64))
        rings = (counts > 3 * week / 84) & (counts >= 5) & (carried[last] - carried[first] >= 2)
        found.append(chained(ends[rings]))
    return found


def chained(ends: Ints) -> list[int]:
    """The first of each run of ends without a cool-down between them."""
    if not len(ends):
        return []
    begins = np.diff(ends, prepend=-COOL_DOWN - 1) > COOL_DOWN
    return [int(end) for end in ends[begins]]


def summed(values: Floats) -> Floats:
    """The sums before each value and behind the last."""
    return np.concatenate([[0.0], np.cumsum(values)])
