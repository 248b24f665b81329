"""Figures against values worked out by hand."""

import numpy as np
import pytest

from models.calibrate import by_language, fit_temperature, softmax
from models.evaluate import (
    Judged,
    accuracy,
    calibration_error,
    calibration_interval,
    figures,
    macro_f1,
    per_class,
)

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
    sure = np.tile([0.9, 0.1], (20_000, 1))
    right_in_7_of_10 = np.tile([0] * 7 + [1] * 3, 2_000)
    right_in_9_of_10 = np.tile([0] * 9 + [1], 2_000)
    assert calibration_error(sure, right_in_7_of_10) == pytest.approx(0.2, abs=1e-3)
    assert calibration_error(sure, right_in_9_of_10) == 0


def test_calibration_error_takes_what_chance_does_to_a_bin_away() -> None:
    # Ten bins of ten rows; of five of them 5 rows are right and of five 9, where it claims 7.
    confidence = np.repeat([0.7, 0.7 + 1e-9], 50)
    truth = np.concatenate([np.tile([0, 1], 25), np.tile([0] * 9 + [1], 5)])
    probs = np.stack([confidence, 1 - confidence], axis=1)
    expected = np.sqrt(0.04 - (0.25 + 0.09) / 2 / 9)
    assert calibration_error(probs, truth) == pytest.approx(expected)


def test_a_calibrated_model_is_as_often_told_too_good_as_too_bad() -> None:
    generator = np.random.default_rng(3)
    squares = []
    for _ in range(400):
        confidence = generator.uniform(0.5, 1, 200)
        right = generator.random(200) < confidence
        probs = np.stack([confidence, 1 - confidence], axis=1)
        squares.append(calibration_error(probs, np.where(right, 0, 1)) ** 2)
    # Half of the estimates of nothing are below nothing, and count as 0.
    assert np.mean(np.array(squares) == 0) == pytest.approx(0.55, abs=0.1)


def test_the_interval_of_the_calibration_error_holds_what_is_true() -> None:
    generator = np.random.default_rng(4)
    hits = 0
    for _ in range(40):
        right = generator.random(500) < 0.8
        probs = np.tile([0.9, 0.1], (500, 1)) + generator.normal(0, 1e-6, (500, 1)) * [1, -1]
        samples = generator.integers(0, 500, (100, 500))
        interval = calibration_interval(probs, np.where(right, 0, 1), samples)
        assert interval.low <= interval.value <= interval.high
        hits += interval.low <= 0.1 <= interval.high
    assert hits >= 33


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
