"""The detector on any series: online, and by the rule of the alerts."""

import numpy as np
import pytest

from pipeline.alerts import rules
from pipeline.alerts.online import Values, judge
from pipeline.alerts.usual import PER_DAY

RULE = rules.parse("surge", rules.shipped()["surge"])


def counts(days: int, step: int = 300, mean: float = 3.0, seed: int = 1) -> Values:
    rows = days * 86_400 // step
    values = np.random.default_rng(seed).poisson(mean, rows).astype(float)
    return Values(1_700_000_000 // 86_400 * 86_400 + np.arange(rows) * step, values, float(step))


def with_surge(series: Values, row: int, rows: int, times: float) -> Values:
    values = series.values.copy()
    values[row : row + rows] *= times
    return Values(series.times, values, series.step)


@pytest.mark.parametrize("step", [60, 300, 900, 3600])
def test_a_surge_is_found_and_ends_behind_its_cool_down(step: int) -> None:
    a_day = 86_400 // step
    row, rows = 10 * a_day, max(2, 10_800 // step)
    told = judge(with_surge(counts(14, step, 20.0), row, rows, 8), RULE).surge
    first = int(np.flatnonzero(told)[0])
    assert row <= first <= row + rows
    last = int(np.flatnonzero(told)[-1])
    # The day-long window stays unusual for a day, and the cool-down follows.
    assert last < row + rows + a_day + a_day // 2


def test_ordinary_counts_surge_less_than_once_in_two_months() -> None:
    """400 days without any surge."""
    told = [judge(counts(40, 900, seed=seed), RULE).surge for seed in range(10)]
    assert sum(int((np.diff(one.astype(int), prepend=0) > 0).sum()) for one in told) <= 6


def test_a_score_of_one_half_is_where_a_surge_begins() -> None:
    scores = judge(with_surge(counts(14), 10 * PER_DAY, 24, 6), RULE)
    first = int(np.flatnonzero(scores.surge)[0])
    assert scores.anomaly[first] >= 0.5 > scores.anomaly[first - 1]
    assert scores.anomaly.min() >= 0
    assert scores.anomaly.max() < 1


def test_a_score_rests_on_nothing_after_it() -> None:
    whole = with_surge(counts(12), 9 * PER_DAY, 24, 6)
    for cut in (5 * PER_DAY + 17, 9 * PER_DAY + 3, 11 * PER_DAY):
        part = judge(Values(whole.times[:cut], whole.values[:cut], whole.step), RULE)
        everything = judge(whole, RULE)
        assert part.anomaly.tolist() == everything.anomaly[:cut].tolist()
        assert part.surge.tolist() == everything.surge[:cut].tolist()


def test_the_first_two_days_have_nothing_to_be_compared_with() -> None:
    scores = judge(with_surge(counts(5), PER_DAY, 24, 50), RULE)
    assert not scores.anomaly[: 2 * PER_DAY].any()


def test_a_hole_is_not_a_zero() -> None:
    """After days without any rows the usual counts are still usual."""
    series = counts(14)
    kept = (series.times < series.times[4 * PER_DAY]) | (series.times >= series.times[9 * PER_DAY])
    assert not judge(Values(series.times[kept], series.values[kept], 300.0), RULE).surge.any()


def test_an_empty_series_has_no_scores() -> None:
    nothing = judge(Values(np.array([], dtype=np.int64), np.array([]), 0.0), RULE)
    assert len(nothing.anomaly) == len(nothing.surge) == 0
