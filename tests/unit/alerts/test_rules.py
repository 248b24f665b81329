"""Rules are data; wrong ones are refused with a sentence that names the field."""

import copy
from typing import Any

import pytest

from pipeline.alerts.rules import RuleError, parse, shipped


def body() -> dict[str, Any]:
    return copy.deepcopy(shipped()["surge"])


def test_the_shipped_rule_asks_for_four_stories_from_two_publishers() -> None:
    rule = parse("surge", body())
    assert (rule.min_stories, rule.min_publishers) == (4, 2)
    assert (rule.cold_start.stories, rule.cold_start.publishers) == (5, 3)
    assert rule.unwatched_topics == {"not_finance", "other_finance"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alpha", 0),
        ("min_stories", 0),
        ("windows_minutes", []),
        ("windows_minutes", [7]),
        ("windows_minutes", [2880]),
        ("p_negative", 1.5),
        ("cool_down_minutes", "six hours"),
    ],
)
def test_a_wrong_value_is_named(field: str, value: object) -> None:
    with pytest.raises(RuleError, match=f"rule surge: .*{field}"):
        parse("surge", body() | {field: value})


def test_a_window_must_divide_a_day() -> None:
    with pytest.raises(RuleError, match="50 minutes does not divide a day"):
        parse("surge", body() | {"windows_minutes": [60, 50]})


def test_a_baseline_needs_days_to_come_from() -> None:
    with pytest.raises(RuleError, match="look_back_days must not be less than baseline_days"):
        parse("surge", body() | {"look_back_days": 13})


@pytest.mark.parametrize("names", [("high", "critical"), ("high", "high")])
def test_severities_are_named_once_the_worst_first(names: tuple[str, str]) -> None:
    levels = [{"name": name, "stories": 7, "p_value": 1e-5} for name in names]
    with pytest.raises(RuleError, match="name each level once, the worst first"):
        parse("surge", body() | {"severity": levels})


def test_what_fits_no_severity_is_low_unless_the_rule_says_info() -> None:
    plain = {name: value for name, value in body().items() if name != "otherwise"}
    assert parse("surge", plain).severity_of(5, 1e-12) == "low"
    assert parse("surge", plain | {"otherwise": "info"}).severity_of(5, 1e-12) == "info"


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(RuleError, match="threshold"):
        parse("surge", body() | {"threshold": 3})


@pytest.mark.parametrize(
    ("stories", "p_value", "severity"),
    [(5, 1e-12, "low"), (7, 1e-6, "high"), (10, 1e-6, "high"), (10, 1e-9, "critical")],
)
def test_severity_needs_both_the_count_and_the_improbability(
    stories: int, p_value: float, severity: str
) -> None:
    assert parse("surge", body()).severity_of(stories, p_value) == severity
