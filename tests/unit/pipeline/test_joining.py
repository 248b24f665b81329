"""From when to when what a report may join has come."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from pipeline.joining import _spans
from pipeline.store.joining import Due

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def _due(*days: int) -> list[Due]:
    return [Due(UUID(int=1), NOW + day * DAY, NOW + (day + 1) * DAY) for day in days]


def test_a_report_is_compared_with_three_days_before_and_behind_its_story() -> None:
    assert _spans(_due(0)) == [(NOW - 3 * DAY, NOW + 4 * DAY)]


def test_old_news_in_a_batch_does_not_bring_in_all_that_came_since() -> None:
    assert _spans(_due(0, -100, 5)) == [
        (NOW - 103 * DAY, NOW - 96 * DAY),
        (NOW - 3 * DAY, NOW + 9 * DAY),
    ]
