"""How often a rule was right, by what analysts did with its alerts."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from pipeline.store.rulebook import Feedback

# 97.5 % quantile of the normal distribution: both tails together hold 5 %.
_Z: Final = 1.959964


@dataclass(frozen=True)
class Precision:
    """The share of judged alerts that were right, and where the true share lies; 0 to 1."""

    share: float
    low: float
    high: float


def precision(found: Feedback) -> Precision | None:
    """None: nobody judged any.

    The interval is the score interval of E. B. Wilson, "Probable inference, the law of succession,
    and statistical inference", Journal of the American Statistical Association 22, 1927: it holds
    with few alerts too, and never leaves 0 to 1.
    """
    judged = found.useful + found.false_alarms
    if not judged:
        return None
    share = found.useful / judged
    spread = _Z * sqrt(share * (1 - share) / judged + (_Z / (2 * judged)) ** 2)
    centre, scale = share + _Z**2 / (2 * judged), 1 + _Z**2 / judged
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return Precision(share, max(0.0, low), min(1.0, high))
