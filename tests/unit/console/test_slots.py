"""The slots of trends and the shades of their cells."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from console.trends import shade, slots
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words


def clock(now: datetime, zone: str = "Asia/Hong_Kong") -> Clock:
    return Clock(ZoneInfo(zone), Words("en"), now)


def test_hours_end_with_the_hour_that_runs() -> None:
    bounds = slots(clock(datetime(2026, 11, 22, 4, 15, tzinfo=UTC)), "hours")
    assert bounds[-1] == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    assert len(bounds) == 13
    assert bounds[-1] - bounds[0] == timedelta(hours=24)


def test_days_begin_at_the_readers_midnight_and_hold_today() -> None:
    bounds = slots(clock(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)), "days")
    assert bounds[-1] == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert len(bounds) == 15


def test_the_day_of_a_clock_change_has_its_own_length() -> None:
    bounds = slots(clock(datetime(2026, 3, 30, 12, 0, tzinfo=UTC), "Europe/Berlin"), "days")
    lengths = [later - earlier for earlier, later in pairwise(bounds)]
    assert lengths.count(timedelta(hours=23)) == 1
    assert lengths.count(timedelta(hours=24)) == 13


def test_shades_grow_with_the_evidence() -> None:
    assert [shade(surplus, n) for surplus, n in ((-1, 1), (-2, 2), (-9, 9), (3, 4), (0, 5))] == [
        -1,
        -2,
        -3,
        2,
        0,
    ]
