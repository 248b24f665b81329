"""Temperature scaling: one number that makes a head's confidence mean what it says.

Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

# Fewer rows than this say too little of their own; they get the temperature of all rows.
MIN_ROWS: Final = 40
_RANGE: Final = (0.25, 5.0)

Floats = NDArray[np.float64]


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities of [rows, labels] logits."""
    scaled = logits / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def log_loss(probs: Floats, truth: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood of the true labels."""
    chosen = probs[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def fit_temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """The temperature in 0.25 to 5 with the least log loss; 1 where there are no rows."""
    if not len(truth):
        return 1.0
    best = minimize_scalar(
        lambda log_t: log_loss(softmax(logits, float(np.exp(log_t))), truth),
        bounds=tuple(np.log(_RANGE)),
        method="bounded",
    )
    return float(np.exp(best.x))


def by_language(
    logits: Floats, truth: NDArray[np.int64], languages: NDArray[np.str_]
) -> dict[str, float]:
    """One temperature a language, "en" and "zh"."""
    overall = fit_temperature(logits, truth)
    found = {}
    for language in ("en", "zh"):
        mine = languages == language
        found[language] = (
            fit_temperature(logits[mine], truth[mine]) if mine.sum() >= MIN_ROWS else overall
        )
    return found
