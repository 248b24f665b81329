from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from lxml.html import document_fromstring

from crawlers.dates import parse, published

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T14:03:27+08:00",
        "2026-11-20T06:03:27Z",
        "2026-11-20T06:03:27.000Z",
        "Fri, 20 Nov 2026 06:03:27 GMT",
        "20 Nov 2026 14:03:27 +0800",
        "2026-11-20 14:03:27",
        "2026/11/20 14:03:27",
        "2026年11月20日 14:03:27",
        "2026年11月20日14:03:27 来源：金桥财经网",
        "发布时间：2026-11-20 14:03:27",
        "20 November 2026, 14:03:27",
        "November 20, 2026 2:03:27 p.m.",
        "Nov. 20, 2026 at 2:03:27 PM",
    ],
)
def test_every_common_spelling_is_the_same_moment(text: str) -> None:
    when = parse(text, SHANGHAI)
    assert when is not None
    assert (when.at, when.exact) == (datetime(2026, 11, 20, 6, 3, 27, tzinfo=UTC), True)


@pytest.mark.parametrize("text", ["2026-11-20", "2026年11月20日", "20 November 2026"])
def test_a_date_without_a_time_is_the_days_beginning_and_says_so(text: str) -> None:
    when = parse(text, SHANGHAI)
    assert when is not None
    assert (when.at, when.exact) == (datetime(2026, 11, 19, 16, tzinfo=UTC), False)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-45", "0001-01-01T00:00:00", "9999-12-31", "12345", "May be"]
)
def test_what_is_no_plausible_date_is_none(text: str) -> None:
    assert parse(text, SHANGHAI) is None


def test_summer_time_of_the_page_s_zone_is_counted() -> None:
    when = parse("2026-07-01 09:00", ZoneInfo("Europe/London"))
    assert when is not None
    assert when.at == datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_an_exact_date_anywhere_wins_over_a_day_named_first() -> None:
    page = document_fromstring(
        "<meta name=date content=2026-11-20><span class=pubtime>2026-11-20 14:03</span>"
    )
    when = published(page, SHANGHAI)
    assert when is not None
    assert when.at == datetime(2026, 11, 20, 6, 3, tzinfo=UTC)


def test_a_date_in_a_sentence_is_not_the_page_s() -> None:
    page = document_fromstring(
        "<p>The company was founded on 20 November 1998 by two brothers.</p>"
    )
    assert published(page, SHANGHAI) is None
