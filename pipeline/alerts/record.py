"""How a decision becomes rows: the alert, its windows, its events and its evidence."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pipeline.alerts import surge
from pipeline.alerts.lifecycle import Decision, Episode
from pipeline.alerts.rules import SEVERITIES, SurgeRule
from pipeline.alerts.verdicts import Reason, Verdict
from pipeline.alerts.windows import Series, Story, SubjectKind, bucket_end
from pipeline.store import alerts as store
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Condition

RULE_ID: Final = "surge"

# Stories an alert shows; denials and corrections come on top of them.
MOST_EVIDENCE: Final = 50
# Denials and corrections belong to a surge until so long after it.
_ANSWERED_FOR: Final = timedelta(hours=24)
# What could have been known for longer is recorded and not sent.
_NEWS_FOR: Final = timedelta(hours=24)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Context:
    """What all decisions of one run have in common."""

    cursor: Cursor
    rule: SurgeRule
    rule_version: int
    # The time that is evaluated, and the time it is.
    as_of: datetime
    now: datetime

    @property
    def negative(self) -> store.Negative:
        return store.Negative(self.rule.p_negative, self.rule.relevance)


@dataclass(frozen=True)
class Subject:
    """One watched series."""

    kind: SubjectKind
    name: str
    series_id: int
    # End of the code of its issuer's main security.
    market: str | None


@dataclass(frozen=True)
class Standing:
    """An alert and where its surge lies."""

    alert_id: UUID
    onset: datetime
    last_end: datetime


def record(context: Context, subject: Subject, series: Series, decision: Decision) -> list[str]:
    """Write one decision down; what happened, in the words of alert_event."""
    if decision.merged_into:
        store.merge(context.cursor, decision.alert_id, decision.merged_into, context.now)
        detail = {"reason": "merged", "into": str(decision.merged_into)}
        events: dict[str, dict[str, Any]] = {"resolved": detail}
    elif decision.episode is None:
        store.correct(context.cursor, decision.alert_id, context.now, context.as_of)
        events = {"resolved": {"reason": "corrected"}}
    elif decision.known and decision.known.judged:
        last_end = decision.episode.last_end
        store.prolong(context.cursor, decision.alert_id, last_end, context.as_of)
        events = {}
    else:
        events = _write(context, subject, series, decision, decision.episode)
    for what, detail in events.items():
        store.add_event(context.cursor, decision.alert_id, context.now, what, detail)
    return list(events)


def accompany(context: Context, subject: Subject, alert: Standing) -> None:
    """Bring an alert's evidence to what is known: answers to it, copies, what no longer holds."""
    cursor, until = context.cursor, min(alert.last_end + _ANSWERED_FOR, bucket_end(context.as_of))
    relevance = context.rule.relevance
    answers = store.answers(cursor, subject.series_id, alert.onset, until, relevance)
    store.add_evidence(cursor, alert.alert_id, subject.series_id, answers, context.now)
    store.refresh_evidence(cursor, alert.alert_id, subject.series_id, context.negative)


def let_lapse(context: Context) -> list[UUID]:
    """Let acknowledgements end that do by now, with an event that says why; the alerts."""
    found = store.lapse(context.cursor, context.now)
    for alert_id, worse in found:
        reason = {"reason": "worse" if worse else "time"}
        store.add_event(context.cursor, alert_id, context.now, "lapsed", reason)
    return [alert_id for alert_id, _ in found]


def _write(
    context: Context, subject: Subject, series: Series, decision: Decision, episode: Episode
) -> dict[str, dict[str, Any]]:
    leading, known = episode.leading, decision.known
    story_ids = [story.story_id for story in ranked(series, decision, episode)]
    facts = store.facts(context.cursor, subject.series_id, story_ids)
    before = store.figures(context.cursor, decision.alert_id) if known else None
    values = _values(context, subject, decision, episode) | vars(facts)
    values |= {"topic": leading.topic} if leading.topic else {}
    store.write(context.cursor, "follow" if known else "open", values)
    windows = _windows(context, subject, episode)
    store.put_series(context.cursor, decision.alert_id, windows)
    shown = store.evidence(context.cursor, decision.alert_id)
    fresh = [story_id for story_id in story_ids if story_id not in shown]
    added = fresh[: max(0, MOST_EVIDENCE - len(shown))]
    store.add_evidence(context.cursor, decision.alert_id, subject.series_id, added, context.now)
    return events_of(decision, episode, before)


def _values(
    context: Context, subject: Subject, decision: Decision, episode: Episode
) -> dict[str, Any]:
    leading = episode.leading
    low, high = surge.usual(leading.baseline)
    return {
        "alert_id": decision.alert_id,
        "subject_kind": subject.kind,
        "subject": subject.name,
        "state": decision.state,
        "severity": decision.severity,
        "onset": decision.onset,
        "last_surge_at": episode.last_end,
        "now": context.now,
        "as_of": context.as_of,
        "observed": leading.observed,
        "window_minutes": leading.window // _MINUTE,
        "window_end": leading.span.end,
        "usual_low": low,
        "usual_high": high,
        "baseline_days": leading.baseline.days,
        "within_topic": leading.topic is not None,
        "condition": leading.condition,
        "cold_start": leading.reason is Reason.COLD_START,
        "publishers": leading.publishers,
        "historical": context.as_of - episode.found_at > _NEWS_FOR,
        "rule_id": RULE_ID,
        "rule_version": context.rule_version,
        "resolved_at": context.now if decision.state == "resolved" else None,
        "resolved_reason": decision.resolved_reason,
        "reopened_from": decision.reopened_from,
    }


def _windows(context: Context, subject: Subject, episode: Episode) -> list[dict[str, Any]]:
    """The leading window of each condition, series and length."""
    alike: dict[tuple[Condition, str | None, timedelta | None], list[Verdict]] = defaultdict(list)
    for verdict in episode.verdicts:
        # A slow burn grows by a day each day and stays the same.
        length = None if verdict.condition == "slow_burn" else verdict.window
        alike[verdict.condition, verdict.topic, length].append(verdict)
    series = {None: subject.series_id} | {
        topic: store.topic_series(context.cursor, subject.series_id, topic)
        for topic in sorted({topic for _, topic, _ in alike if topic})
    }
    return [
        {
            "series_id": series[topic],
            "window_minutes": leading.window // _MINUTE,
            "window_end": leading.span.end,
            "observed": leading.observed,
            "expected": leading.baseline.mean,
            "threshold": leading.threshold,
            "p_value": leading.p_value,
            "condition": condition,
            "detail": json.dumps(leading.detail),
        }
        for (condition, topic, _), verdicts in alike.items()
        for leading in [Episode(tuple(verdicts), None).leading]
    ]


def ranked(series: Series, decision: Decision, episode: Episode) -> list[Story]:
    """The stories an alert rests on, what says most first."""
    leading = episode.leading
    stories = series.counted(min(decision.onset, leading.begins), episode.last_end)
    return sorted(
        stories, key=lambda s: (s.topic != (leading.topic or s.topic), -s.weight, s.story_id)
    )


def events_of(
    decision: Decision, episode: Episode, before: Mapping[str, int] | None
) -> dict[str, dict[str, Any]]:
    """What happens to the alert, in the words of alert_event; `before` are its figures till now."""
    leading, known = episode.leading, decision.known
    figures = {
        "observed": leading.observed,
        "window_minutes": leading.window // _MINUTE,
        "publishers": leading.publishers,
    }
    events: dict[str, dict[str, Any]] = {}
    if known is None:
        reason = {"reason": leading.reason.value, "severity": decision.severity}
        events["opened"] = reason | figures
    elif known.state == "resolved" and decision.state != "resolved":
        events["reopened"] = figures | {"severity": decision.severity}
    elif known.condition == "slow_burn" != leading.condition:
        # Whoever was told of little days must hear of this one.
        events["raised"] = figures | {"condition": leading.condition}
    elif SEVERITIES.index(decision.severity) > SEVERITIES.index(known.severity):
        events["raised"] = figures | {"from": known.severity, "to": decision.severity}
    elif before != figures:
        events["updated"] = figures | {"before": before}
    if decision.state == "resolved" and (known is None or known.state != "resolved"):
        events["resolved"] = {"reason": decision.resolved_reason}
    return events
