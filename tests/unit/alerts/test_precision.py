"""How often a rule was right, and how surely that is known."""

import pytest

from pipeline.alerts.precision import precision
from pipeline.store.rulebook import Feedback


@pytest.mark.parametrize(
    ("useful", "false_alarms", "share", "low", "high"),
    [(8, 2, 0.8, 0.490, 0.943), (0, 5, 0.0, 0.0, 0.434), (1, 0, 1.0, 0.207, 1.0)],
)
def test_the_interval_is_wilsons(
    useful: int, false_alarms: int, share: float, low: float, high: float
) -> None:
    found = precision(Feedback(1, "high", 20, useful, false_alarms))
    assert found is not None
    assert (found.share, found.low, found.high) == pytest.approx((share, low, high), abs=5e-4)


def test_what_nobody_judged_has_no_precision() -> None:
    assert precision(Feedback(1, "high", 20, 0, 0)) is None
