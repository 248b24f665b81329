"""What counts in a window, and which days it is compared with."""

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from pipeline.alerts import rules
from pipeline.alerts.usual import PER_DAY
from pipeline.alerts.windows import (
    Series,
    Span,
    Story,
    bucket_end,
    bucket_of,
    bucket_start,
    in_spans,
    ordinary_days,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TODAY = NOON.date().toordinal() - date(1970, 1, 1).toordinal()
RULE = rules.parse("surge", rules.shipped()["surge"])


def story(number: int, at: datetime = NOON, *issuers: str, weight: float = 1.0) -> Story:
    return Story(UUID(int=number), at, weight, issuers)


@pytest.mark.parametrize("seconds", [0, 1, 299])
def test_a_bucket_is_five_minutes_and_its_end_belongs_to_the_next(seconds: int) -> None:
    at = NOON + timedelta(seconds=seconds)
    assert (bucket_start(at), bucket_end(at)) == (NOON, NOON + timedelta(minutes=5))


def test_a_window_holds_its_start_and_not_its_end() -> None:
    series = Series.of("issuer", [story(1, NOON - HOUR), story(2, NOON - HOUR / 2), story(3, NOON)])
    assert [s.story_id.int for s in series.between(NOON - HOUR, NOON)] == [1, 2]


def test_an_issuer_counts_every_story() -> None:
    series = Series.of("issuer", [story(n, NOON, "bank") for n in range(4)])
    assert len(series.counted(NOON, NOON + HOUR)) == 4


def test_a_topic_counts_each_issuer_once_and_every_story_without_one() -> None:
    stories = [story(n, NOON, "bank") for n in range(4)]
    stories += [story(n, NOON, "mine", "bank") for n in range(4, 7)]
    stories += [story(n, NOON) for n in range(7, 10)]
    assert len(Series.of("topic", stories).counted(NOON, NOON + HOUR)) == 5


def test_a_topic_shows_the_issuers_story_that_weighs_most() -> None:
    stories = [story(1, NOON, "bank", weight=0.5), story(2, NOON, "bank", weight=0.9)]
    (shown,) = Series.of("topic", stories).counted(NOON, NOON + HOUR)
    assert shown.story_id.int == 2


def test_a_story_more_never_makes_a_topic_count_less() -> None:
    chance = random.Random(3)
    names = ("bank", "mine", "airline", "shop")
    stories = [
        story(n, NOON, *chance.sample(names, chance.randrange(3)), weight=chance.random())
        for n in range(40)
    ]
    counts = [
        len(Series.of("topic", stories[:n]).counted(NOON, NOON + HOUR)) for n in range(len(stories))
    ]
    assert counts == sorted(counts)


def test_ends_are_the_buckets_that_hold_a_story_within_the_spans() -> None:
    series = Series.of("issuer", [story(1, NOON), story(2, NOON), story(3, NOON + HOUR)])
    assert series.ends([Span(NOON, NOON + HOUR)]) == [NOON + timedelta(minutes=5)]


def test_ordinary_days_end_before_the_longest_window_can_begin() -> None:
    days = ordinary_days(TODAY, RULE, watched(60))
    assert days[0] == (TODAY - 2) * PER_DAY
    assert len(days) == 14


def test_days_without_any_news_are_passed_over_not_taken_for_quiet() -> None:
    holes = {(NOON - back * DAY).date() for back in (4, 5, 6)}
    days = ordinary_days(TODAY, RULE, watched(60) - holes)
    assert len(days) == 14
    assert days[-1] == ordinary_days(TODAY, RULE, watched(60))[-1] - 3 * PER_DAY


def test_history_counts_no_further_back_than_four_weeks() -> None:
    assert len(ordinary_days(TODAY, RULE, watched(90) - watched(29))) == 1


def watched(days: int) -> set[date]:
    return {(NOON - back * DAY).date() for back in range(days)}


def test_an_issuer_and_a_topic_count_spans_as_they_count_stories() -> None:
    chance = random.Random(5)
    stories = [
        story(n, NOON + chance.random() * 3 * HOUR, *chance.sample("abcd", chance.randrange(3)))
        for n in range(60)
    ]
    starts = bucket_of(NOON) + np.arange(30)
    for kind in ("issuer", "topic"):
        series = Series.of(kind, stories)
        first = [bucket_start(NOON) + i * HOUR / 12 for i in range(30)]
        told = [len(series.counted(at, at + HOUR)) for at in first]
        assert series.counts(starts, starts + 12).tolist() == told


def test_buckets_that_hold_a_story_are_found_once() -> None:
    series = Series.of("issuer", [story(1, NOON), story(2, NOON), story(3, NOON + HOUR)])
    bucket = bucket_of(NOON)
    assert series.ends_between(bucket, bucket + 12).tolist() == [bucket + 1]


def test_an_hour_is_in_a_span_with_any_of_its_instants() -> None:
    hour = bucket_of(NOON) // 12
    spans = [Span(NOON - 5 * MINUTE, NOON), Span(NOON + HOUR, NOON + 2 * HOUR + 5 * MINUTE)]
    found = in_spans(np.arange(hour - 2, hour + 4), spans)
    assert found.tolist() == [False, True, False, True, True, False]
