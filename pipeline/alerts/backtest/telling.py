"""Who would have been told of the alerts, and by how many messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.alerts.backtest.fired import Fired, Happening
from pipeline.alerts.delivery import routing
from pipeline.alerts.delivery.recipients import Recipient
from pipeline.store.delivery import Occurrence


@dataclass(frozen=True)
class Message:
    """What one recipient would have got at one time."""

    recipient: str
    due_at: datetime


@dataclass(frozen=True)
class Told:
    """All that would have been told."""

    messages: tuple[Message, ...]
    # Who would have been told of each alert.
    of: Mapping[UUID, tuple[str, ...]]


def told(fired: Iterable[Fired], recipients: Mapping[str, Recipient], since: datetime) -> Told:
    """Messages from `since` on, grouped and held back as their recipients ask.

    As if nobody acknowledged anything and every channel worked; nothing is escalated.
    """
    happened = sorted(
        ((what, one) for one in fired for what in one.happened if what.at > since),
        key=lambda pair: pair[0].at,
    )
    due: dict[UUID, Message] = {}
    of: dict[UUID, dict[str, None]] = {}
    for what, one in happened:
        heard = of.setdefault(one.alert_id, {})
        occurrence = _occurrence(what, one)
        for name, recipient in recipients.items():
            ends = what.what == "resolved"
            if (recipient.resolved and name in heard) if ends else recipient.wants(occurrence):
                _put(due, name, recipient, occurrence, what.at)
                heard[name] = None
    return Told(tuple(due.values()), {alert_id: tuple(names) for alert_id, names in of.items()})


def _put(
    due: dict[UUID, Message], name: str, recipient: Recipient, of: Occurrence, now: datetime
) -> None:
    interval = timedelta(minutes=recipient.interval_minutes)
    plan = routing.plan(name, recipient, of, now)
    # A message that has left tells nothing more: the next one does.
    while plan.delivery_id in due and due[plan.delivery_id].due_at < now:
        plan = plan.after(interval)
    due.setdefault(plan.delivery_id, Message(name, plan.due_at))


def _occurrence(what: Happening, one: Fired) -> Occurrence:
    return Occurrence(
        what.what, one.alert_id, one.subject_kind, one.subject, one.topic, what.severity, seq=0
    )
