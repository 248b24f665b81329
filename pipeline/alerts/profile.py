"""When in the day and on which days news comes: how much each hour has of it, beside the mean hour.

168 hours of the week would be empty after ten days. A day is a workday or not, an hour one of 24,
and each factor is shrunk towards what is known of more: a gamma prior on a Poisson rate.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts.surge import Numbers

Cells = NDArray[np.int64]

KINDS: Final = ("workday", "weekend", "holiday")
HOURS: Final = 24
CELLS: Final = len(KINDS) * HOURS

# How many stories the prior of a factor is worth.
_STRENGTH: Final = 50.0
# An hour with more than all but so few of the others counts as one of these.
_CAPPED: Final = 0.99


def flat() -> Numbers:
    """What is assumed before anything is known: every hour alike."""
    return np.ones(CELLS)


def learn(counts: Numbers, watched: Numbers, cells: Cells, prior: Numbers) -> Numbers:
    """Factor of each cell by what hours counted, 1 for an hour like the mean of all.

    `watched` is the share of each hour that was watched, `cells` the cell of each hour, `prior` the
    factors these are shrunk towards.
    """
    if not counts.any():
        return prior
    capped = np.minimum(counts, np.quantile(counts, _CAPPED, method="higher"))
    rate = capped.sum() / max(float(watched @ prior[cells]), 1e-9)
    expected = np.bincount(cells, rate * watched, CELLS) * prior
    seen = np.bincount(cells, capped, CELLS)
    return prior * (seen + _STRENGTH) / (expected + _STRENGTH)
