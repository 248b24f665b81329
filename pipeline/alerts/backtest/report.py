"""A backtest as lines for machines."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from pipeline.alerts.backtest.comparing import Pair, compare
from pipeline.alerts.backtest.trial import Trial, Trials
from pipeline.alerts.rules import Severity
from pipeline.store.shapes import Condition


class AlertLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert; times are UTC."""

    subject_kind: str
    subject: str
    name: str
    topic: str
    condition: Condition
    severity: Severity
    onset: datetime
    # End of the first window that surged: when it could be known.
    found_at: datetime
    ended_at: datetime | None
    observed: int
    window_minutes: int
    usual: tuple[int, int]
    publishers: int
    # Too little history: the fixed rule applied.
    cold_start: bool
    # Recipients.
    told: tuple[str, ...]
    # Beside the rule in force: same, gained, lost, earlier, later, severity.
    change: str | None = None
    # When the rule in force would have found it.
    found_before: datetime | None = None


class DayLine(msgspec.Struct, frozen=True):
    """One day of the zone."""

    day: date
    alerts: int
    severities: dict[Severity, int]
    # Messages by recipient.
    messages: dict[str, int]


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole backtest."""

    since: datetime
    until: datetime
    zone: str
    days: list[DayLine]
    alerts: list[AlertLine]
    # The days of the rule in force, where another rule was tried beside it.
    in_force: list[DayLine] | None = None


def pairs(trials: Trials) -> list[Pair]:
    """The alerts of the last rule, beside those of the rule before it if there is one."""
    *before, last = trials.of
    return compare(before[0].fired if before else last.fired, last.fired)


def lines(trials: Trials) -> list[AlertLine]:
    """An alert each, with what a change of the rule does to it."""
    return [_line(trials, pair) for pair in pairs(trials)]


def summary(trials: Trials, zone: ZoneInfo) -> Summary:
    """All of it."""
    *before, last = trials.of
    return Summary(
        last.since,
        last.until,
        zone.key,
        _days(last, zone),
        lines(trials),
        _days(before[0], zone) if before else None,
    )


def _days(trial: Trial, zone: ZoneInfo) -> list[DayLine]:
    return [
        DayLine(day.day, day.alerts, dict(day.severities), dict(day.messages))
        for day in trial.days(zone)
    ]


def heard(trials: Trials, pair: Pair) -> Iterable[str]:
    """Who would have been told of an alert; of one that is lost, by the rule in force."""
    trial = trials.of[-1 if pair.after else 0]
    return trial.told.of.get(pair.shown.alert_id, ())


def _line(trials: Trials, pair: Pair) -> AlertLine:
    one, compared = pair.shown, len(trials.of) > 1
    return AlertLine(
        subject_kind=one.subject_kind,
        subject=one.subject,
        name=trials.names.get(one.subject, (one.subject, ""))[0],
        topic=one.topic,
        condition=one.condition,
        severity=one.severity,
        onset=one.onset,
        found_at=one.found_at,
        ended_at=one.ended_at,
        observed=one.observed,
        window_minutes=int(one.window.total_seconds()) // 60,
        usual=one.usual,
        publishers=one.publishers,
        cold_start=one.cold_start,
        told=tuple(heard(trials, pair)),
        change=pair.change.value if compared else None,
        found_before=pair.before.found_at if compared and pair.before else None,
    )
