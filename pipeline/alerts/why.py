"""Why there was, or was not, an alert: every window of an issuer's last day, judged again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.alerts import rules
from pipeline.alerts.detect import Detector, Look
from pipeline.alerts.issuers import issuer_called
from pipeline.alerts.record import RULE_ID
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.run import coverage_of, owners_of, series_of
from pipeline.alerts.windows import DAY, Span, bucket_end
from pipeline.store import alerts as store
from pipeline.store import watching
from pipeline.store.alerts import AlertRow
from pipeline.store.connection import Cursor

# What an alert ended so long ago can still have to do with it.
_STILL: Final = 7 * DAY


@dataclass(frozen=True)
class Answer:
    """What is known of one issuer by what is known now."""

    entity_id: str
    name: str
    # Of each window length and topic the look that came nearest to a surge, the nearest first;
    # none: no negative story in the day.
    looks: list[Look]
    # Days of history, and how many a baseline needs.
    days: int
    needed: int
    rule_version: int
    enabled: bool
    # Alerts about it that surged in the week before, or still.
    alerts: list[AlertRow]


def why(cursor: Cursor, name: str, at: datetime) -> Answer:
    """Judge every window of the day before `at` again, by the rule as it is now.

    `name` is an issuer's id, name, code or alias. Writes nothing. Raises
    issuers.UnknownIssuer, rules.RuleError.
    """
    issuer = issuer_called(cursor, name)
    entity_id = issuer["entity_id"]
    found = store.current_rule(cursor, RULE_ID)
    rule = rules.parse(RULE_ID, found["body"] if found else rules.shipped()[RULE_ID])
    since, until = at - DAY - rule.reach - DAY, bucket_end(at)
    known = store.alerts_of(cursor, entity_id, since, until)
    subject = store.issuer_series(cursor, entity_id)
    looks: list[Look] = []
    days = 0
    if subject:
        negative = store.Negative(rule.p_negative, rule.relevance)
        rows = store.stories(cursor, {subject.series_id: since}, until, negative)
        series = series_of("issuer", rows)
        covered = watching.covered(cursor, since, until)
        rhythm = Rhythm.of(watching.hours(cursor, since, until), covered)
        ends = series.ends([Span(at - DAY, until)])
        detector = Detector(
            rule=rule,
            series=series,
            covered=covered,
            owners=owners_of(cursor, rule, series, ends),
            apart=[Span(one.onset, one.last_surge_at) for one in known],
            market=subject.market,
            prior=rhythm.by_the_clock_of(subject.market),
            coverage=coverage_of(cursor, since, until),
        )
        looks = _nearest([look for end in ends for look in detector.looks(end)])
        days = detector.days_before(until)
    return Answer(
        entity_id=entity_id,
        name=issuer["name_en"],
        looks=looks,
        days=days,
        needed=rule.baseline_days,
        rule_version=found["version"] if found else 1,
        enabled=found["enabled"] if found else True,
        alerts=[one for one in known if one.last_surge_at >= at - _STILL],
    )


def _nearest(looks: list[Look]) -> list[Look]:
    nearest: dict[tuple[object, object], Look] = {}
    for look in looks:
        key = (look.topic, look.window)
        if key not in nearest or _distance(look) < _distance(nearest[key]):
            nearest[key] = look
    return sorted(nearest.values(), key=_distance)


def _distance(look: Look) -> tuple[float, float]:
    return look.threshold / look.observed, look.p_value
