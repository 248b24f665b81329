"""Slow burns as verdicts, and how long they keep an alert going."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.alerts.beside import burns, burnt
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import episodes
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.usual import PER_DAY
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.windows import Series, Span, Story, bucket_of
from tests.unit.alerts.building import DAY, HOUR, MINUTE, NOON, RULE

MIDNIGHT = NOON.replace(hour=0)
YESTERDAY = Span(MIDNIGHT - DAY, MIDNIGHT)


def told(a_day: int, since: int, until: int = 0) -> list[datetime]:
    """So many stories each day, from so many days back to just before `until` days back."""
    return [
        MIDNIGHT - back * DAY + (7 + n % 12) * HOUR + 5 * n * MINUTE
        for back in range(since, until, -1)
        for n in range(a_day)
    ]


def subject(
    times: list[datetime], publishers: int = 4, rule: SurgeRule = RULE, **of: Any
) -> Detector:
    net: dict[int, tuple[int, int]] = {}
    for at in times:
        day = bucket_of(at) // PER_DAY
        net[day] = (net.get(day, (0, 0))[0] + 1, 0)
    stories = [Story(UUID(int=n), at, 1.0) for n, at in enumerate(times)]
    values: dict[str, Any] = {
        "series": Series.of("issuer", stories),
        "covered": {(NOON - back * DAY).date() for back in range(-5, 60)},
        "owners": {s.story_id: {f"owner {s.story_id.int % publishers}"} for s in stories},
        "apart": [],
        "net": net,
    }
    return Detector(rule=rule, **values | of)


def burning(**of: Any) -> Detector:
    """Two stories a day, and since six days six."""
    return subject(told(2, 40, 6) + told(6, 6), **of)


def test_a_slow_burn_rings_when_its_days_are_over() -> None:
    detector = burning()
    (span,) = burnt(detector, [YESTERDAY], NOON)[-1:]
    (verdict,) = burns(detector, [span])
    assert (verdict.reason, verdict.severity, verdict.observed) == (Reason.SLOW_BURN, "low", 36)
    assert verdict.span == YESTERDAY
    assert verdict.begins == MIDNIGHT - 6 * DAY
    assert detector.apart == []


def test_a_day_that_is_not_over_yet_does_not_ring() -> None:
    ends = {span.end for span in burnt(burning(), [Span(NOON, NOON + DAY)], NOON)}
    assert ends == {MIDNIGHT}


def test_one_publisher_makes_no_slow_burn() -> None:
    detector = burning(publishers=1)
    assert burns(detector, burnt(detector, [YESTERDAY], NOON)) == []


def test_a_series_without_history_and_one_without_counts_are_quiet() -> None:
    young = {(NOON - back * DAY).date() for back in range(20)}
    assert burnt(burning(covered=young), [YESTERDAY], NOON) == []
    assert burnt(burning(net={}), [YESTERDAY], NOON) == []


def test_a_series_that_began_within_the_month_is_quiet() -> None:
    """An issuer that was put on the list three weeks ago was not silent before."""
    assert burnt(subject(told(9, 21)), [Span(MIDNIGHT - 21 * DAY, MIDNIGHT)], NOON) == []


def test_no_window_of_a_slow_burn_surges() -> None:
    detector = burning()
    week = Span(MIDNIGHT - 7 * DAY, MIDNIGHT)
    assert detector.scan(detector.series.ends([week])) == []


def test_it_goes_on_until_the_sum_is_below_the_clear_share() -> None:
    calm = subject(told(2, 50, 16) + told(6, 16, 10) + told(2, 10))
    found = burns(calm, burnt(calm, [Span(MIDNIGHT - 16 * DAY, MIDNIGHT)], NOON))
    (episode,) = episodes(found, lambda end: calm.over_at(end, NOON), RULE.cool_down)
    assert episode.leading.condition == "slow_burn"
    assert episode.over_at
    assert MIDNIGHT - 9 * DAY < episode.over_at < MIDNIGHT - 3 * DAY
