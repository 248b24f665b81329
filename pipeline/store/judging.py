"""What analysts decide of alerts and say of labels: each decision is one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from psycopg2.errors import UniqueViolation

from pipeline.store.connection import Connection, Cursor, rows, transaction
from sql import queries

_SQL: Final = queries("judging")
# An acknowledgement that nothing ends.
_NO_END: Final = {"acknowledged_until": None, "worse_from": None, "worse_than": None}


class Outcome(StrEnum):
    """What became of a decision."""

    DONE = "done"
    # It was so already; nothing was written.
    ALREADY = "already"
    # There is no such alert or evidence.
    MISSING = "missing"
    # The alert is resolved: there is nothing to acknowledge, to close or, merged, to judge.
    RESOLVED = "resolved"
    # Nothing of this analyst's is left to take back, or its time has passed.
    TOO_LATE = "too_late"
    # The subject has another open alert by now; two may not be open at once.
    OVERTAKEN = "overtaken"


@dataclass(frozen=True)
class Decision:
    """Who decides what of which alert, and when."""

    alert_id: UUID
    who: str
    at: datetime


@dataclass(frozen=True)
class Terms:
    """How long an acknowledgement holds, and why it was given."""

    # When the alert fires again; None: at no time.
    until: datetime | None = None
    # Whether it fires again with twice its stories or a severity above its own.
    unless_worse: bool = False
    comment: str = ""


def acknowledge(link: Connection, decision: Decision, terms: Terms | None = None) -> Outcome:
    """Take the alert on, for good or on `terms`, which may be changed. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        before = _locked(cursor, decision)
        if before is None:
            return Outcome.MISSING
        if before["state"] == "resolved":
            return Outcome.RESOLVED
        if before["state"] == "acknowledged" and terms is None:
            return Outcome.ALREADY
        terms = terms or Terms()
        after = before | {"state": "acknowledged", "owner": decision.who} | _NO_END
        after["acknowledged_until"] = terms.until
        if terms.unless_worse:
            cursor.execute(_SQL["worse"], {"alert_id": decision.alert_id})
            after |= rows(cursor)[0]
        said = {"until": terms.until, "worse": terms.unless_worse, "comment": terms.comment}
        kept = {name: value for name, value in said.items() if value}
        _change(cursor, decision, "acknowledged", before, after, **kept)
        return Outcome.DONE


def close(link: Connection, decision: Decision) -> Outcome:
    """Resolve the alert as dealt with. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        before = _locked(cursor, decision)
        if before is None:
            return Outcome.MISSING
        if before["state"] == "resolved":
            closed = before["resolved_reason"] == "closed"
            return Outcome.ALREADY if closed else Outcome.RESOLVED
        after = _resolved(before, decision, "closed")
        _change(cursor, decision, "resolved", before, after)
        return Outcome.DONE


def false_alarm(link: Connection, decision: Decision) -> Outcome:
    """Resolve the alert as false, and label it so. Raises StoreUnavailable.

    One that was resolved for another reason keeps its time of resolution; one that was merged is
    judged where it went.
    """
    with transaction(link) as cursor:
        before = _locked(cursor, decision)
        if before is None:
            return Outcome.MISSING
        if before["resolved_reason"] == "false_alarm":
            return Outcome.ALREADY
        if before["resolved_reason"] == "merged":
            return Outcome.RESOLVED
        after = _resolved(before, decision, "false_alarm")
        _change(cursor, decision, "false_alarm", before, after)
        _label_alert(cursor, decision, "false_alarm")
        return Outcome.DONE


def undo(link: Connection, decision: Decision, within: timedelta) -> Outcome:
    """Take back this analyst's last decision if nothing overtook it. Raises StoreUnavailable."""
    try:
        return _undo(link, decision, within)
    except UniqueViolation:  # the subject's next alert was opened in this very moment
        return Outcome.OVERTAKEN


def _undo(link: Connection, decision: Decision, within: timedelta) -> Outcome:
    with transaction(link) as cursor:
        before = _locked(cursor, decision)
        if before is None:
            return Outcome.MISSING
        cursor.execute(_SQL["last_decision"], {"alert_id": decision.alert_id})
        last = next(iter(rows(cursor)), None)
        if last is None or last["actor"] != decision.who:
            return Outcome.TOO_LATE
        if last["what"] == "undone":
            return Outcome.ALREADY
        restored = last["detail"].get("before")
        if restored is None or decision.at - last["at"] > within:
            return Outcome.TOO_LATE
        if restored["state"] != "resolved" and _another_open(cursor, decision):
            return Outcome.OVERTAKEN
        _change(cursor, decision, "undone", before, _NO_END | restored, undoes=last["seq"])
        if last["what"] == "false_alarm":
            _label_alert(cursor, decision, "withdrawn")
        return Outcome.DONE


def relabel(
    link: Connection,
    decision: Decision,
    story_id: UUID,
    field: Literal["topic", "sentiment"],
    value: str,
) -> Outcome:
    """Say what the label of a story in evidence should be; the last word of an analyst counts.

    `value` is one of models.labels, as the caller has checked. Raises StoreUnavailable.
    """
    values = {
        "alert_id": decision.alert_id,
        "story_id": story_id,
        "field": field,
        "value": value,
        "who": decision.who,
        "at": decision.at,
    }
    with transaction(link) as cursor:
        if _locked(cursor, decision) is None:
            return Outcome.MISSING
        cursor.execute(_SQL["judged_text"], values)
        text = next(iter(rows(cursor)), None)
        if text is None:
            return Outcome.MISSING
        if text["value"] == value:
            return Outcome.ALREADY
        found = {
            "article_id": text["article_id"],
            "text_sha": text["content_sha"],
            "supersedes": text["label_id"],
        }
        cursor.execute(_SQL["label_article"], values | found)
        return Outcome.DONE


def _locked(cursor: Cursor, decision: Decision) -> dict[str, Any] | None:
    """The alert's state, held until the transaction ends."""
    cursor.execute(_SQL["lock"], {"alert_id": decision.alert_id})
    return next(iter(rows(cursor)), None)


def _resolved(before: Mapping[str, Any], decision: Decision, reason: str) -> dict[str, Any]:
    return {
        **_NO_END,
        "state": "resolved",
        "owner": before["owner"] or decision.who,
        "resolved_at": before["resolved_at"] or decision.at,
        "resolved_reason": reason,
    }


def _change(
    cursor: Cursor,
    decision: Decision,
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **detail: object,
) -> None:
    """Move the alert from one state to another and write down how to go back."""
    cursor.execute(_SQL["set_state"], {"alert_id": decision.alert_id, **after})
    event = {
        "alert_id": decision.alert_id,
        "at": decision.at,
        "who": decision.who,
        "what": what,
        "detail": json.dumps({"before": before, **detail}, default=datetime.isoformat),
    }
    cursor.execute(_SQL["add_event"], event)


def _another_open(cursor: Cursor, decision: Decision) -> bool:
    cursor.execute(_SQL["another_open"], {"alert_id": decision.alert_id})
    return bool(rows(cursor)[0]["found"])


def _label_alert(cursor: Cursor, decision: Decision, value: str) -> None:
    values = {"alert_id": decision.alert_id, "who": decision.who, "at": decision.at}
    cursor.execute(_SQL["last_alert_label"], values)
    last = next(iter(rows(cursor)), None)
    supersedes = last["label_id"] if last else None
    cursor.execute(_SQL["label_alert"], values | {"value": value, "supersedes": supersedes})
