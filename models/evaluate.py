"""Measuring a model: accuracy, macro-F1 and calibration a language and class, with intervals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.figures import Figures, HeadFigures, Interval, PerClass
from models.labels import HEADS

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


def figures(data: str, judged: dict[str, Judged], seed: int = 0) -> Figures:
    """Figures of every head in every language; `seed` fixes the bootstrap."""
    heads: dict[str, dict[str, HeadFigures]] = {}
    rows: dict[str, int] = {}
    for head, rows_judged in judged.items():
        heads[head] = {}
        for language in sorted(set(rows_judged.languages.tolist())):
            mine = rows_judged.languages == language
            rows[language] = int(mine.sum())
            heads[head][language] = head_figures(
                HEADS[head], rows_judged.probs[mine], rows_judged.truth[mine], seed
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

    said = probs.argmax(axis=1)
    table = per_class(probs, truth)
    return HeadFigures(
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        ece=interval(calibration_error),
        classes={
            label: PerClass(int(table[i, 0]), *table[i, 1:].tolist())
            for i, label in enumerate(labels)
            if table[i, 0] or (said == i).any()
        },
    )


def accuracy(probs: Floats, truth: Ints) -> float:
    """Share of rows whose likeliest label is the true one."""
    return float((probs.argmax(axis=1) == truth).mean())


def macro_f1(probs: Floats, truth: Ints) -> float:
    """Mean F1 of the labels that occur in `truth`, each counting the same."""
    table = per_class(probs, truth)
    return float(table[table[:, 0] > 0, 3].mean())


def calibration_error(probs: Floats, truth: Ints) -> float:
    """Expected calibration error of the likeliest label, over bins with equally many rows."""
    confidence = probs.max(axis=1)
    right = probs.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(confidence, kind="stable"), min(_BINS, len(truth)))
    gaps = [len(b) * abs(float(confidence[b].mean()) - float(right[b].mean())) for b in bins]
    return sum(gaps) / len(truth)


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
