"""When in the day and on which days news comes: how much each hour has of it, beside the mean hour.

168 hours of the week would be empty after ten days. A factor is that of its kind of day, times that
of its hour on all days, times what is left to the two together, learned in this order; each is
shrunk towards what was assumed by a gamma prior on a Poisson rate.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts.surge import Numbers

Cells = NDArray[np.int64]

KINDS: Final = ("workday", "weekend", "holiday")
HOURS: Final = 24
CELLS: Final = len(KINDS) * HOURS

_CELL: Final = np.arange(CELLS)
_HOUR: Final = _CELL % HOURS
# Whether it is a day off. There may be no holiday at all in what is known.
_OFF: Final = np.minimum(_CELL // HOURS, 1)
# Which cells are learned together, and how many stories what is assumed of them is worth.
_STEPS: Final = ((_OFF, 5.0), (_HOUR, 5.0), (_CELL, 200.0))
# An hour with more than all but so few of the others counts as one of these.
_CAPPED: Final = 0.99


def flat() -> Numbers:
    """What is assumed before anything is known: every hour alike."""
    return np.ones(CELLS)


def learn(
    counts: Numbers, watched: Numbers, cells: Cells, prior: Numbers, prior_days: float = 0
) -> Numbers:
    """Factor of each cell by what hours counted, 1 for an hour like the mean of all.

    `watched` is the share of each hour that was watched, `cells` the cell of each hour, `prior` the
    factors these are shrunk towards. What it says of kinds of days is worth the news of so many
    days besides: a fortnight has too few days off to tell their kind from what happened on them.
    """
    if not counts.any():
        return prior
    capped = np.minimum(counts, np.quantile(counts, _CAPPED, method="higher"))
    factors = prior
    for group, stories in _STEPS:
        rate = capped.sum() / max(float(watched @ factors[cells]), 1e-9)
        expected = np.bincount(group[cells], rate * watched * factors[cells], CELLS)
        seen = np.bincount(group[cells], capped, CELLS)
        assumed = stories + (prior_days * HOURS * rate if group is _OFF else 0)
        factors = factors * ((seen + assumed) / (expected + assumed))[group]
    return factors
