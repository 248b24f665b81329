"""Which windows surge, and the named reason of those that do not."""

from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from pipeline.alerts.coverage import Coverage, Source
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import Episode
from pipeline.alerts.verdicts import Reason, Verdict
from pipeline.alerts.windows import Series, Span, Story, bucket_end
from tests.unit.alerts.building import DAY, HOUR, MINUTE, NOON, burst, detector


def judged(subject: Detector, at: datetime = NOON) -> list[Verdict]:
    return subject.scan([bucket_end(at)])


def steady(a_day: int, days: int = 40) -> list[datetime]:
    """So many stories a day, evenly, until two days ago."""
    return [NOON - 2 * DAY - i * DAY / a_day for i in range(a_day * days)]


def test_a_burst_on_a_quiet_series_surges_in_every_window() -> None:
    found = judged(detector(burst(9)))
    assert [(v.reason, v.observed, v.publishers) for v in found] == [(Reason.SURGING, 9, 4)] * 3
    assert [v.window for v in found] == [HOUR, 6 * HOUR, DAY]


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (detector(burst(3)), Reason.TOO_FEW_STORIES),
        (detector(burst(12), publishers=1), Reason.TOO_FEW_PUBLISHERS),
        (detector(steady(240) + burst(10)), Reason.USUAL),
    ],
)
def test_what_does_not_surge_says_why(subject: Detector, reason: Reason) -> None:
    assert judged(subject) == []
    assert subject.reasons[reason] >= 1
    # The shortest window holds too few stories of a burst that takes most of an hour.
    assert set(subject.reasons) <= {reason, Reason.USUAL, Reason.TOO_FEW_STORIES}


def test_the_same_burst_is_a_surge_on_a_quiet_series_and_usual_on_a_busy_one() -> None:
    assert judged(detector(steady(1) + burst(6)))
    assert not judged(detector(steady(150) + burst(6)))


def test_severity_follows_count_and_improbability() -> None:
    severities = [
        max(v.severity for v in judged(detector(burst(count)))[:1]) for count in (5, 7, 12)
    ]
    assert severities == ["low", "high", "critical"]


def test_a_series_without_history_follows_the_fixed_rule_and_says_so() -> None:
    (found,) = judged(detector(burst(5, over=5 * HOUR), history_days=6))
    assert (found.reason, found.window) == (Reason.COLD_START, 6 * HOUR)
    assert found.threshold == 5
    assert found.baseline.days == 4


def test_little_is_claimed_of_a_series_without_history() -> None:
    known, unknown = (
        max(v.p_value for v in judged(detector(burst(9), history_days=days))) for days in (60, 6)
    )
    assert unknown > 100 * known


def epoch_hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def expected(*sources: Source) -> float:
    """Of the last hour, where three weeks tell one story an hour."""
    span = epoch_hour(NOON - 28 * DAY), epoch_hour(NOON)
    coverage = Coverage.of(sources, *span)
    subject = replace(detector(steady(24) + burst(9)), coverage=coverage)
    return next(s for s in subject.looks(bucket_end(NOON)) if s.window == HOUR).baseline.mean


def test_a_lost_or_an_added_source_changes_what_is_expected_and_not_the_count() -> None:
    first, two_days_ago = epoch_hour(NOON - 28 * DAY), epoch_hour(NOON - 2 * DAY)
    days = tuple(range(first, two_days_ago))
    one, other = (Source(name, 28 * 24, (first,)) for name in ("one", "other"))
    lost = Source("lost", 26 * 24, days, days, first)
    added = Source("added", 2 * 24, (two_days_ago,))
    whole = expected(one, other)
    assert expected(one, lost) == pytest.approx(whole / 2, rel=0.1)
    assert expected(one, added) == pytest.approx(whole * 2, rel=0.15)


def within(topic: str, count: int, at: datetime = NOON) -> list[Story]:
    return [
        Story(uuid5(NAMESPACE_URL, f"{topic} {time}"), time, 1.0, topic=topic)
        for time in burst(count, at)
    ]


def busy(days: int = 40) -> list[Story]:
    """An issuer in the news about its earnings all day long."""
    times = [NOON - DAY - i * HOUR / 6 for i in range(144 * days)]
    return [Story(UUID(int=n), at, 1.0, topic="earnings") for n, at in enumerate(times)]


def test_a_topic_of_a_busy_issuer_surges_where_the_issuer_does_not() -> None:
    subject = told(busy() + within("fraud", 6))
    (found, *_) = judged(subject)
    assert (found.topic, found.observed, found.reason) == ("fraud", 6, Reason.SURGING)
    assert all(verdict.topic == "fraud" for verdict in judged(subject))
    assert not judged(told(busy() + within("earnings", 6)))


def test_an_issuer_that_surges_as_a_whole_says_so() -> None:
    found = judged(told(busy() + within("fraud", 60)))
    assert {verdict.topic for verdict in found} == {None, "fraud"}
    assert Episode(tuple(found), None).leading.topic is None


def test_a_surge_within_a_topic_is_over_by_that_topic() -> None:
    subject = told(busy() + within("fraud", 6))
    end = bucket_end(NOON)
    over = subject.over_at(end, NOON + 5 * DAY)
    assert over
    assert over > end + DAY


def test_a_topic_within_an_issuer_waits_for_a_history() -> None:
    subject = told(busy(4) + within("fraud", 4), history_days=6)
    assert all(verdict.topic is None for verdict in judged(subject))


def told(stories: list[Story], history_days: int = 60) -> Detector:
    return replace(
        detector([], history_days=history_days),
        series=Series.of("issuer", stories),
        owners={s.story_id: {f"owner {n % 4}"} for n, s in enumerate(stories)},
    )


def test_the_fixed_rule_needs_its_stories_within_its_window() -> None:
    subject = detector(burst(5, over=7 * HOUR), history_days=6)
    assert judged(subject) == []
    assert set(subject.reasons) == {Reason.TOO_FEW_STORIES}


def test_the_span_of_a_verdict_begins_with_its_first_story() -> None:
    first, last = NOON - 50 * MINUTE, bucket_end(NOON)
    assert {v.span for v in judged(detector(burst(9)))} == {Span(first, last)}


def test_a_surge_does_not_become_the_baseline_of_the_next() -> None:
    before = burst(30, NOON - 3 * DAY, 4 * HOUR)
    known = Span(before[0], before[-1] + HOUR)
    hiding, told = (
        min(
            look.p_value
            for look in detector(before + burst(6), apart=apart).looks(bucket_end(NOON))
        )
        for apart in ([], [known])
    )
    assert told < hiding / 10


def test_surges_found_on_the_way_count_as_earlier_ones() -> None:
    before = burst(30, NOON - 3 * DAY, 4 * HOUR)
    subject = detector(before + burst(6))
    found = subject.scan(subject.series.ends([Span(NOON - 5 * DAY, NOON + HOUR)]))
    told = detector(before + burst(6), apart=[Span(before[0], bucket_end(before[-1]))])
    assert found[-3].p_value == pytest.approx(judged(told)[0].p_value, rel=0.05)


def test_a_surge_is_over_when_every_window_was_clear_for_the_cool_down() -> None:
    subject = detector(burst(9), history_days=6)
    end = bucket_end(NOON)
    # The six hours of the fixed rule hold three stories until the one of 11:47 leaves them.
    elevated = NOON + 5 * HOUR + 45 * MINUTE
    assert subject.over_at(end, NOON + 3 * DAY) == elevated + 6 * HOUR


def test_a_surge_is_not_over_before_that() -> None:
    subject = detector(burst(9), history_days=6)
    assert subject.over_at(bucket_end(NOON), NOON + 11 * HOUR) is None


def test_a_trickle_above_the_clear_threshold_keeps_it_going() -> None:
    trickle = [NOON + i * HOUR for i in range(1, 40)]
    quiet, trickling = (
        detector(burst(9) + after, history_days=6).over_at(bucket_end(NOON), NOON + 5 * DAY)
        for after in ([], trickle)
    )
    assert quiet
    assert trickling
    assert trickling - quiet > DAY
