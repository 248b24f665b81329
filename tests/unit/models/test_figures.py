"""Figures against values worked out by hand."""

import numpy as np
import pytest

from models.calibrate import by_language, fit_temperature, softmax
from models.evaluate import Judged, accuracy, calibration_error, figures, macro_f1, per_class

# Says 0, 0, 1, 1 where 0, 1, 1, 1 is true; label 2 is never true, never said.
PROBS = np.array([[0.8, 0.1, 0.1], [0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.3, 0.7, 0.0]])
TRUTH = np.array([0, 1, 1, 1])


def test_accuracy_and_macro_f1_leave_out_labels_that_do_not_occur() -> None:
    assert accuracy(PROBS, TRUTH) == 0.75
    assert macro_f1(PROBS, TRUTH) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_a_class_has_its_rows_precision_recall_and_f1() -> None:
    assert per_class(PROBS, TRUTH)[0] == pytest.approx([1, 1 / 2, 1, 2 / 3])
    assert per_class(PROBS, TRUTH)[1] == pytest.approx([3, 1, 2 / 3, 4 / 5])
    assert per_class(PROBS, TRUTH)[2] == pytest.approx([0, 0, 0, 0])


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = np.tile([0.9, 0.1], (100, 1))
    right_in_7_of_10 = np.tile([0] * 7 + [1] * 3, 10)
    right_in_9_of_10 = np.tile([0] * 9 + [1], 10)
    assert calibration_error(sure, right_in_7_of_10) == pytest.approx(0.2)
    assert calibration_error(sure, right_in_9_of_10) == pytest.approx(0)


def test_temperature_cools_the_overconfident_and_leaves_the_answer() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 3, 3000)
    honest = generator.normal(size=(3000, 3))
    honest[np.arange(3000), truth] += 1.0
    # These logits are the log-odds of Gaussians a unit apart; tripled, they claim too much.
    assert fit_temperature(honest * 3, truth) == pytest.approx(3, rel=0.1)


def test_a_language_with_few_rows_gets_the_temperature_of_all() -> None:
    generator = np.random.default_rng(2)
    logits, truth = generator.normal(size=(100, 3)) * 3, generator.integers(0, 3, 100)
    languages = np.array(["en"] * 95 + ["zh"] * 5)
    assert by_language(logits, truth, languages)["zh"] == fit_temperature(logits, truth)


def test_softmax_survives_huge_logits() -> None:
    assert softmax(np.array([[1e4, 0.0]])).tolist() == [[1.0, 0.0]]


def test_figures_are_a_head_and_language_with_intervals_around_them() -> None:
    probs = np.tile([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], (50, 1))
    truth = np.tile([0, 2], 50)
    found = figures("x", {"sentiment": Judged(probs, truth, np.array(["en", "zh"] * 50))})
    assert found.rows == {"en": 50, "zh": 50}
    assert found.heads["sentiment"]["en"].accuracy.value == 1
    assert found.heads["sentiment"]["zh"].classes["positive"].recall == 0
    both = figures("x", {"sentiment": Judged(probs, truth, np.array(["en"] * 100))})
    interval = both.heads["sentiment"]["en"].accuracy
    assert interval.low < interval.value == 0.5 < interval.high
