"""Why there was, or was not, an alert: every window of an issuer's last day, judged again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.alerts import rules
from pipeline.alerts.conditions.severe import Report
from pipeline.alerts.conditions.slow_burn import Burn
from pipeline.alerts.detect import Detector
from pipeline.alerts.gathering import coverage_of, owners_of, reports_of, series_of
from pipeline.alerts.record import RULE_ID
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.usual import PER_DAY
from pipeline.alerts.verdicts import Look
from pipeline.alerts.windows import DAY, Span, bucket_end, bucket_of
from pipeline.errors import OperatorError
from pipeline.store import alerts as store
from pipeline.store import conditions, silences, suppressions, watching
from pipeline.store.alerts import AlertRow
from pipeline.store.connection import Cursor
from pipeline.store.silences import Silence
from pipeline.store.suppressions import Suppression

# What an alert ended so long ago can still have to do with it.
_STILL: Final = 7 * DAY


class UnknownIssuer(OperatorError):
    """The name belongs to no issuer, or to several; the message says which."""


@dataclass(frozen=True)
class Answer:
    """What is known of one issuer by what is known now."""

    entity_id: str
    name: str
    # Of each window length and topic the look that came nearest to a surge, the nearest first;
    # none: no negative story in the day.
    looks: list[Look]
    # Headlines of the day that name a severe event, and why each rings or does not.
    reports: list[Report]
    # The sum of a slow burn when the last day was over; None: too little history for one.
    burn: Burn | None
    # The sum from which on it rings.
    burn_from: float
    # Days of history, and how many a baseline needs.
    days: int
    needed: int
    rule_version: int
    enabled: bool
    # Alerts about it that surged in the week before, or still.
    alerts: list[AlertRow]
    # Silences that may have been over it in the day, and what was kept back in it.
    silences: list[Silence]
    suppressions: list[Suppression]


def why(cursor: Cursor, name: str, at: datetime) -> Answer:
    """Judge every window of the day before `at` again, by the rule as it is now.

    `name` is an issuer's id, name, code or alias. Writes nothing. Raises UnknownIssuer,
    rules.RuleError.
    """
    issuer = _issuer(cursor, name)
    entity_id = issuer["entity_id"]
    found = store.current_rule(cursor, RULE_ID)
    rule = rules.parse(RULE_ID, found["body"] if found else rules.shipped()[RULE_ID])
    since, until = at - DAY - rule.reach - DAY, bucket_end(at)
    known = store.alerts_of(cursor, entity_id, since, until)
    subject = store.issuer_series(cursor, entity_id)
    looks: list[Look] = []
    reports: list[Report] = []
    burn: Burn | None = None
    days = 0
    if subject:
        negative = store.Negative(rule.p_negative, rule.relevance)
        rows = store.stories(cursor, {subject.series_id: since}, until, negative)
        series = series_of("issuer", rows)
        covered = watching.covered(cursor, since, until)
        rhythm = Rhythm.of(watching.hours(cursor, since, until), covered)
        day = Span(at - DAY, until)
        ends = series.ends([day])
        detector = Detector(
            rule=rule,
            series=series,
            covered=covered,
            owners=owners_of(cursor, rule, series, ends),
            apart=[Span(a.onset, a.last_surge_at) for a in known if a.condition == "surge"],
            market=subject.market,
            prior=rhythm.by_the_clock_of(subject.market),
            coverage=coverage_of(cursor, since, until),
            net=conditions.net(cursor, "issuer", [subject.series_id], since, until, negative).get(
                subject.series_id, {}
            ),
        )
        burn = detector.burning.before(bucket_of(at) // PER_DAY)
        looks = _nearest([look for end in ends for look in detector.looks(end)])
        found_reports = reports_of(cursor, rule, subject.series_id, series, [day], until)
        reports = [one for one in found_reports if day.holds(one.headline.at)]
        days = detector.days_before(until)
    return Answer(
        entity_id=entity_id,
        name=issuer["name_en"],
        looks=looks,
        reports=reports,
        burn=burn,
        burn_from=rule.slow_burn.decision,
        days=days,
        needed=rule.baseline_days,
        rule_version=found["version"] if found else 1,
        enabled=found["enabled"] if found else True,
        alerts=[one for one in known if one.last_surge_at >= at - _STILL],
        silences=silences.of_issuer(cursor, entity_id, at - DAY, at),
        suppressions=suppressions.of_issuer(cursor, entity_id, at - DAY, at),
    )


def _issuer(cursor: Cursor, name: str) -> dict[str, str]:
    found = store.issuers_called(cursor, name)
    if not found:
        raise UnknownIssuer(f"No issuer has the id, name, code or alias {name}.")
    if len(found) > 1:
        ids = ", ".join(one["entity_id"] for one in found)
        raise UnknownIssuer(f"{name} may be any of {ids}: give the id.")
    return found[0]


def _nearest(looks: list[Look]) -> list[Look]:
    nearest: dict[tuple[object, object], Look] = {}
    for look in looks:
        key = (look.topic, look.window)
        if key not in nearest or _distance(look) < _distance(nearest[key]):
            nearest[key] = look
    return sorted(nearest.values(), key=_distance)


def _distance(look: Look) -> tuple[float, float]:
    return look.threshold / look.observed, look.p_value
