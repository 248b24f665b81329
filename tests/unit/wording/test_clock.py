"""Times: labelled, in one zone, relative only in whole units."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

NOW = datetime(2026, 11, 22, 0, 29, 40, tzinfo=UTC)  # 08:29:40 in Hong Kong


def clock(language: str = "en", zone: str = "Asia/Hong_Kong") -> Clock:
    return Clock(ZoneInfo(zone), Words(language), NOW)  # type: ignore[arg-type]


def test_today_is_a_time_another_day_has_its_date() -> None:
    yesterday = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
    assert clock().short(NOW) == "08:29 HKT"
    assert clock().exact(NOW) == "08:29:40 HKT"
    assert clock().short(yesterday) == "21 Nov 23:05 HKT"
    assert clock("zh").short(yesterday) == "11月21日 23:05 HKT"
    assert clock().day(NOW - timedelta(days=365)) == "22 Nov 2025"
    assert clock("zh").day(NOW - timedelta(days=365)) == "2025年11月22日"


def test_a_time_that_is_passed_on_has_its_date_even_today() -> None:
    assert clock().dated(NOW) == "22 Nov 2026 08:29 HKT"
    assert clock("zh").dated(NOW) == "2026年11月22日 08:29 HKT"


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("Asia/Shanghai", "UTC+8"),  # CST is also Chicago's
        ("America/Chicago", "UTC−6"),
        ("Asia/Kolkata", "UTC+5:30"),
        ("Asia/Singapore", "UTC+8"),
        ("Europe/Berlin", "CET"),
        ("UTC", "UTC"),
    ],
)
def test_no_label_means_two_zones(zone: str, label: str) -> None:
    assert clock(zone=zone).label() == label


@pytest.mark.parametrize(
    ("span", "english", "chinese"),
    [
        (timedelta(seconds=38), "38 s ago", "38 秒前"),
        (timedelta(minutes=17, seconds=59), "17 min ago", "17 分钟前"),
        (timedelta(hours=47), "47 h ago", "47 小时前"),
        (timedelta(hours=49), "2 days ago", "2 天前"),
        (timedelta(days=250), "8 months ago", "8 个月前"),
        (timedelta(days=400), "1 year ago", "1 年前"),
        (timedelta(seconds=-5), "0 s ago", "0 秒前"),
    ],
)
def test_ages_are_whole_units(span: timedelta, english: str, chinese: str) -> None:
    assert clock().ago(NOW - span) == english
    assert clock("zh").ago(NOW - span) == chinese


def test_midnight_is_the_readers() -> None:
    assert clock().midnight(NOW) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


def test_windows_are_hours_or_minutes() -> None:
    assert clock().window(60) == "1 h"
    assert clock("zh").window(360) == "6小时"
    assert clock().window(30) == "30 min"
    assert clock().window(1440) == "24 h"
    assert clock().window(6 * 1440) == "6 days"
