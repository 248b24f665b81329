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
