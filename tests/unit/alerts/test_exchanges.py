"""Hours by an exchange's clock: trading days, weekends, holidays, half days, summer time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.alerts import exchanges
from pipeline.alerts.exchanges import next_close
from pipeline.alerts.profile import HOURS, KINDS


def cell(at: str, market: str | None) -> tuple[str, int]:
    """Kind of day and hour, of a time in UTC."""
    hour = int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()) // 3600
    (found,) = exchanges.cells(np.array([hour]), market).tolist()
    return KINDS[found // HOURS], found % HOURS


@pytest.mark.parametrize(
    ("at", "market", "kind", "hour"),
    [
        # Monday, Saturday, and the same hour without an exchange.
        ("2026-11-23T01:30", "HK", "workday", 9),
        ("2026-11-21T01:30", "HK", "weekend", 9),
        ("2026-11-23T01:30", None, "workday", 1),
        ("2026-11-21T23:30", None, "weekend", 23),
        # National Day, by the clock of Shanghai: late in the evening before, in UTC.
        ("2026-09-30T16:30", "SH", "holiday", 0),
        ("2026-09-30T15:30", "SZ", "workday", 23),
        # New York opens at 14:30 in winter and at 13:30 in summer.
        ("2026-01-07T14:30", "US", "workday", 9),
        ("2026-07-08T13:30", "US", "workday", 9),
        # Christmas Eve closes at noon in Hong Kong.
        ("2026-12-24T03:30", "HK", "workday", 11),
        ("2026-12-24T05:30", "HK", "holiday", 13),
        # A market without a calendar.
        ("2026-11-23T01:30", "XX", "workday", 1),
    ],
)
def test_an_hour_is_told_by_the_clock_of_its_exchange(
    at: str, market: str | None, kind: str, hour: int
) -> None:
    assert cell(at, market) == (kind, hour)


def test_behind_the_last_known_holiday_every_weekday_is_a_workday() -> None:
    last = exchanges.known_until()["XSHG"]
    assert cell(f"{last.year + 1}-10-01T04:00", "SH")[0] in {"workday", "weekend"}
    assert cell(f"{last.year}-10-01T04:00", "SH")[0] == "holiday"


def test_the_last_known_day_is_told_for_every_exchange() -> None:
    assert set(exchanges.known_until()) == set(exchanges.EXCHANGES.values())


def test_the_next_close_skips_lunch_weekends_and_holidays_and_is_early_on_half_a_day() -> None:
    noon = datetime(2026, 3, 6, 4, 30, tzinfo=UTC)  # a Friday, 12:30 in Hong Kong
    assert next_close("HK", noon) == datetime(2026, 3, 6, 8, 0, tzinfo=UTC)
    assert next_close("HK", noon + timedelta(hours=4)) == datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    eve = datetime(2026, 12, 24, 1, 0, tzinfo=UTC)
    assert next_close("HK", eve) == datetime(2026, 12, 24, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize("market", [None, "XX"])
def test_where_no_exchange_is_known_nothing_closes(market: str | None) -> None:
    assert next_close(market, datetime(2026, 3, 6, tzinfo=UTC)) is None


def test_behind_the_last_known_day_no_close_is_known() -> None:
    assert next_close("HK", datetime(2199, 3, 6, tzinfo=UTC)) is None
