"""Measuring a model: accuracy, macro-F1 and calibration a language and class, with intervals."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.figures import Figures, HeadFigures, Interval, PerClass
from models.labels import LABELS

_RESAMPLES: Final = 1000
_BINS: Final = 10

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Metric = Callable[[Floats, Ints], float]


@dataclass(frozen=True)
class Judged:
    """What one head said of some rows, and what is true of them."""

    # [rows, labels], each row sums to 1.
    probs: Floats
    # Index of the true label.
    truth: Ints
    # Language of each row.
    languages: NDArray[np.str_]


def figures(
    data: str,
    judged: dict[str, Judged],
    seed: int = 0,
    labels: Mapping[str, Sequence[str]] = LABELS,
) -> Figures:
    """Figures of every head in every language; `seed` fixes the bootstrap."""
    heads: dict[str, dict[str, HeadFigures]] = {}
    rows: dict[str, int] = {}
    for head, rows_judged in judged.items():
        heads[head] = {}
        for language in sorted(set(rows_judged.languages.tolist())):
            mine = rows_judged.languages == language
            rows[language] = max(int(mine.sum()), rows.get(language, 0))
            heads[head][language] = head_figures(
                labels[head], rows_judged.probs[mine], rows_judged.truth[mine], seed
            )
    return Figures(data=data, rows=rows, heads=heads)


def head_figures(labels: Sequence[str], probs: Floats, truth: Ints, seed: int = 0) -> HeadFigures:
    """Figures of one head on rows of one language."""
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, len(truth), size=(_RESAMPLES, len(truth)))

    def interval(metric: Metric) -> Interval:
        spread = [metric(probs[sample], truth[sample]) for sample in samples]
        low, high = np.quantile(spread, (0.025, 0.975))
        return Interval(metric(probs, truth), float(low), float(high))

    return HeadFigures(
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        ece=calibration_interval(probs, truth, samples),
        classes=_classes(labels, probs, truth),
        rows=len(truth),
    )


def _classes(labels: Sequence[str], probs: Floats, truth: Ints) -> dict[str, PerClass]:
    """The labels that some row carries or was given."""
    said = probs.argmax(axis=1)
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(confusion, (truth, said), 1)
    table = per_class(probs, truth)
    found = {}
    for i, label in enumerate(labels):
        rows, precision, recall, f1 = table[i].tolist()
        others = {other: int(confusion[i, j]) for j, other in enumerate(labels) if j != i}
        taken_for = {other: count for other, count in others.items() if count}
        if rows or confusion[:, i].any():
            found[label] = PerClass(int(rows), precision, recall, f1, taken_for)
    return found


def accuracy(probs: Floats, truth: Ints) -> float:
    """Share of rows whose likeliest label is the true one."""
    return float((probs.argmax(axis=1) == truth).mean())


def macro_f1(probs: Floats, truth: Ints) -> float:
    """Mean F1 of the labels that occur in `truth`, each counting the same."""
    table = per_class(probs, truth)
    return float(table[table[:, 0] > 0, 3].mean())


def calibration_error(probs: Floats, truth: Ints) -> float:
    """How far the confidence in the likeliest label is from its accuracy, 0 to 1, debiased.

    Root of the mean squared gap over 10 bins with equally many rows, less each bin's sampling
    noise: the debiased estimator of Kumar, Liang and Ma, Verified Uncertainty Calibration,
    NeurIPS 2019 (after Bröcker, Climate Dynamics 2012); below 0 it counts as 0. With the noise
    left in, a perfectly calibrated model on few rows looks badly calibrated.
    """
    found, noise = _gaps(*_confidence(probs, truth))
    return _root(found - noise)


def calibration_interval(probs: Floats, truth: Ints, samples: Ints) -> Interval:
    """`calibration_error` with its interval from resampled rows (indices, one resample a row).

    A resample adds noise of its own to every gap, so it is compared with the gaps as they were
    found: the basic bootstrap, on squares.
    """
    sure, right = _confidence(probs, truth)
    found, noise = _gaps(sure, right)
    drawn = np.array([_gaps(sure[sample], right[sample]) for sample in samples])
    low, high = np.quantile(drawn[:, 0] - drawn[:, 1] - found, (0.025, 0.975))
    value = found - noise
    return Interval(_root(value), _root(value - float(high)), _root(value - float(low)))


def _confidence(probs: Floats, truth: Ints) -> tuple[Floats, Floats]:
    """How sure each row's answer is, and 1 where it is right."""
    return probs.max(axis=1), (probs.argmax(axis=1) == truth).astype(np.float64)


def _gaps(sure: Floats, right: Floats) -> tuple[float, float]:
    """Mean squared gap of a bin as it is found, and how much of it chance explains."""
    found = noise = 0.0
    for rows in np.array_split(np.argsort(sure, kind="stable"), min(_BINS, len(sure))):
        hit = float(right[rows].mean())
        found += len(rows) * (float(sure[rows].mean()) - hit) ** 2
        noise += len(rows) * hit * (1 - hit) / max(len(rows) - 1, 1)
    return found / len(sure), noise / len(sure)


def _root(squared: float) -> float:
    return math.sqrt(max(0.0, squared))


def per_class(probs: Floats, truth: Ints) -> Floats:
    """[labels, 4]: rows that carry the label, precision, recall and F1 (0 where undefined)."""
    labels = probs.shape[1]
    said = probs.argmax(axis=1)
    true = np.bincount(truth, minlength=labels).astype(np.float64)
    named = np.bincount(said, minlength=labels)
    hits = np.bincount(truth[said == truth], minlength=labels)
    return np.stack(
        [
            true,
            hits / np.maximum(named, 1),
            hits / np.maximum(true, 1),
            2 * hits / np.maximum(named + true, 1),
        ],
        axis=1,
    )
