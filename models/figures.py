"""What was measured of a model, on what, and how sure the measurement is."""

import msgspec


class Interval(msgspec.Struct, frozen=True):
    """A figure with its 95 % bootstrap interval, all of 0 to 1."""

    value: float
    low: float
    high: float


class PerClass(msgspec.Struct, frozen=True):
    """One label of one head."""

    # Rows that carry the label.
    rows: int
    precision: float
    recall: float
    f1: float
    # Label -> rows of this one that were given it instead: a line of the confusion matrix. Empty in
    # a model older than this field.
    taken_for: dict[str, int] = {}


class HeadFigures(msgspec.Struct, frozen=True):
    """One head in one language."""

    accuracy: Interval
    macro_f1: Interval
    # Calibration error of the winning label (models.evaluate.calibration_error).
    ece: Interval
    classes: dict[str, PerClass]
    # Rows judged; 0 in a model older than this field, where all heads had the same.
    rows: int = 0


class Figures(msgspec.Struct, frozen=True):
    """A model on a labelled set."""

    # What the rows are: "held-out", or the name of a file.
    data: str
    # Rows a language, those of the head that has most.
    rows: dict[str, int]
    # Head, then language. A head the rows do not label is absent.
    heads: dict[str, dict[str, HeadFigures]]
