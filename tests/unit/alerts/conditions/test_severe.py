"""Which single story is enough."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.alerts.beside import events
from pipeline.alerts.conditions.severe import Headline, Report, judge
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.windows import Span
from tests.unit.alerts.building import DAY, HOUR, NOON, RULE, detector

MINUTE = timedelta(minutes=1)


def headline(number: int = 0, **of: Any) -> Headline:
    values: dict[str, Any] = {
        "story_id": UUID(int=number),
        "began_at": of.get("at", NOON),
        "at": NOON,
        "topic": "credit_debt",
        "p_negative": 0.9,
        "title": "Harbour Bank defaults on bond",
        "lang": "en",
        "publisher": "Ledger",
        "tier": "wire",
    }
    return Headline(**values | of)


def judged(*headlines: Headline) -> list[Reason]:
    return [report.reason for report in judge(headlines, RULE.severe)]


def test_one_story_of_a_trusted_publisher_is_enough() -> None:
    assert judged(headline()) == [Reason.SEVERE]


@pytest.mark.parametrize(
    ("of", "reason"),
    [
        ({"tier": "portal"}, Reason.NOT_TRUSTED),
        ({"tier": "self-media"}, Reason.NOT_TRUSTED),
        ({"p_negative": 0.7}, Reason.NOT_NEGATIVE),
        ({"title": "Harbour Bank denies default"}, Reason.DENIED),
    ],
)
def test_what_does_not_ring_says_why(of: dict[str, Any], reason: Reason) -> None:
    assert judged(headline(**of)) == [reason]


@pytest.mark.parametrize("of", [{"topic": "earnings"}, {"title": "Harbour Bank wins award"}])
def test_what_names_no_event_of_a_watched_topic_is_nothing(of: dict[str, Any]) -> None:
    assert judged(headline(**of)) == []


def test_a_copy_by_a_trusted_publisher_makes_a_story_of_another_ring_when_it_is_told() -> None:
    first = headline(tier="portal")
    (report,) = judge([first, replace(first, tier="wire", at=NOON + HOUR)], RULE.severe)
    assert (report.reason, report.headline.at) == (Reason.SEVERE, NOON + HOUR)


def test_copies_of_one_story_ring_once() -> None:
    assert judged(*(headline(at=NOON + n * MINUTE, publisher=f"p{n}") for n in range(40))) == [
        Reason.SEVERE
    ]


def test_another_report_of_the_same_kind_does_not_ring_again_until_three_quiet_days() -> None:
    reports = [headline(n, at=NOON + n * 2 * DAY) for n in range(4)]
    late = headline(9, at=NOON + 10 * DAY)
    assert judged(*reports, late) == [
        Reason.SEVERE,
        *[Reason.REPEATED] * 3,
        Reason.SEVERE,
    ]


def test_another_kind_of_event_rings() -> None:
    probe = headline(1, at=NOON + HOUR, title="Regulator opens probe into Harbour Bank")
    assert judged(headline(), probe) == [Reason.SEVERE, Reason.SEVERE]


def test_what_an_alert_keeps_is_cut() -> None:
    (report,) = judge([headline(title="Bank defaults " + "x" * 5_000)], RULE.severe)
    assert max(map(len, report.detail().values())) <= 300


def report(**of: Any) -> Report:
    (found,) = judge([headline(**of)], RULE.severe)
    return found


def test_a_report_becomes_a_verdict_with_the_figures_of_its_day() -> None:
    subject = detector([NOON - 3 * HOUR, NOON])
    (verdict,) = events(subject, [report()], [Span(NOON - HOUR, NOON + HOUR)])
    assert (verdict.reason, verdict.severity, verdict.observed) == (Reason.SEVERE, "high", 2)
    assert verdict.detail["phrase"] == "defaults"
    assert subject.apart == []


def test_a_report_outside_what_is_judged_is_left_alone() -> None:
    assert events(detector([NOON]), [report()], [Span(NOON + HOUR, NOON + 2 * HOUR)]) == []
