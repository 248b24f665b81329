"""Scores every issuer for the hours that are due; what is known late is scored anew."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.alerts import rules
from pipeline.alerts.record import RULE_ID
from pipeline.alerts.risk import Driver, History, Risk, Step, Story, Weights, hour_of, weights
from pipeline.store import alerts as alerts_store
from pipeline.store import risk as store
from pipeline.store.alerts import Negative
from pipeline.store.connection import Connection, Cursor, transaction
from pipeline.store.risk import ScoreRow

_HOUR: Final = timedelta(hours=1)
# The hours of so long before are scored with every run: articles come late.
LATE: Final = timedelta(hours=24)
# A run that had to wait for longer leaves the hours before out.
_CAUGHT_UP: Final = timedelta(days=7)


@dataclass(frozen=True)
class RiskSummary:
    """What a run did."""

    as_of: datetime
    # Hours that were scored, issuers with a score in one of them, and scores.
    hours: int
    issuers: int
    scores: int


def score_issuers(link: Connection, as_of: datetime, now: datetime) -> RiskSummary:
    """Score every issuer for the hours that are due at `as_of`, in one transaction.

    It may be repeated, come late or out of order: an hour's score follows from what happened before
    its end, and what was scored of a lasting hour later stays. `link` has the role alerts. Raises
    StoreUnavailable, rules.RuleError, ValueError for a time without zone.
    """
    if as_of.tzinfo is None or now.tzinfo is None:
        raise ValueError("as_of and now need a time zone")
    by = weights()
    with transaction(link) as cursor:
        due = _due(as_of, store.begin(cursor))
        found = histories(cursor, min(due), as_of, by)
        scored = [
            _row(issuer, hour, at, risk)
            for issuer, history in found.items()
            for hour, at in due.items()
            for risk in [history.at(at)]
        ]
        kept = [row for row in scored if row.score > 0]
        store.put(cursor, kept, due, by.version)
        store.beat(cursor, now, as_of)
    return RiskSummary(as_of, len(due), len({row.issuer for row in kept}), len(kept))


def histories(
    cursor: Cursor, since: datetime, until: datetime, by: Weights, issuer: str | None = None
) -> dict[str, History]:
    """What can be scored from `since` to `until`, of one issuer or of all."""
    told: dict[str, list[Story]] = defaultdict(list)
    known_since = since - by.looks_back
    counted = (since - by.reach, until)
    for row in store.stories(cursor, negative(cursor), counted, known_since, issuer):
        told[row.issuer].append(Story(row.at, row.topic, row.negative, row.weight))
    steps: dict[str, list[Step]] = defaultdict(list)
    for step in store.steps(cursor, since, issuer):
        steps[step.issuer].append(Step(step.alert_id, step.at, step.is_open, step.severity))
    return {name: History(told[name], steps[name], by) for name in sorted({*told, *steps})}


def negative(cursor: Cursor) -> Negative:
    """From which figures on a story is negative: as the rule on surges says."""
    kept = alerts_store.current_rule(cursor, RULE_ID)
    rule = rules.parse(RULE_ID, kept["body"] if kept else rules.shipped()[RULE_ID])
    return Negative(rule.p_negative, rule.relevance)


def _due(as_of: datetime, newest: datetime | None) -> dict[datetime, datetime]:
    """The hours to be scored, each as of its end or, while it lasts, of `as_of`."""
    last = hour_of(as_of)
    first = last - LATE
    if newest is not None:
        first = max(min(first, hour_of(newest)), last - _CAUGHT_UP)
    count = (last - first) // _HOUR + 1
    return {
        hour: min(hour + _HOUR, as_of) for hour in (first + _HOUR * place for place in range(count))
    }


def _row(issuer: str, hour: datetime, as_of: datetime, risk: Risk) -> ScoreRow:
    drivers = [_kept(driver) for driver in risk.drivers]
    score = round(sum(driver["points"] for driver in drivers), 1)
    return ScoreRow(issuer, hour, as_of, score, drivers)


def _kept(driver: Driver) -> dict[str, Any]:
    """A driver as it is kept; its points are rounded so that they make the score."""
    figures = {"level": round(driver.level, 3), "points": round(driver.points, 1)}
    return {"name": driver.name, **figures, "facts": dict(driver.facts)}
