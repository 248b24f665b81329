"""What an alerts run has told to whom: rows of the outbox, in its own transaction."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pipeline.alerts.delivery import routing
from pipeline.alerts.delivery.recipients import Recipient, RecipientError, parse
from pipeline.alerts.delivery.routing import Plan
from pipeline.alerts.delivery.watchers import watching
from pipeline.store import delivery as store
from pipeline.store import watchlists
from pipeline.store.connection import Connection, Cursor, transaction
from pipeline.store.delivery import Occurrence

# Events that are told, in the words of alert_event.
_TOLD: Final = ("opened", "raised", "reopened")
# Ends that came longer ago are told nobody any more.
_ENDED_FOR: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


def known(cursor: Cursor) -> dict[str, Recipient]:
    """The recipients that are enabled and can be used."""
    found = {}
    lists = watchlists.everything(cursor)
    for row in store.recipients(cursor):
        try:
            recipient = parse(row.name, row.body)
        except RecipientError as error:
            # One that an older version wrote must not keep alerts from being found.
            _log.error("%s", error)
            continue
        if recipient.enabled:
            found[row.name] = watching(recipient, lists)
    return found


def notify(cursor: Cursor, events: Mapping[str, Iterable[UUID]], now: datetime) -> None:
    """Have everybody told whom this run's events, an end or a long silence concern."""
    recipients = known(cursor)
    if not recipients:
        return
    happened = [(alert, what) for what in _TOLD for alert in events.get(what, ())]
    for of in store.occurrences(cursor, happened) if happened else ():
        for name, recipient in recipients.items():
            if recipient.wants(of):
                _put(cursor, name, recipient, of, now)
    for ending in store.endings(cursor, now - _ENDED_FOR):
        told = recipients.get(ending.recipient)
        if told and told.resolved:
            _put(cursor, ending.recipient, told, ending.occurrence, now)
    _escalate(cursor, recipients, now)


def _escalate(cursor: Cursor, recipients: Mapping[str, Recipient], now: datetime) -> None:
    for found in store.unheard(cursor):
        first = recipients.get(found.recipient)
        if first is None or first.escalation is None:
            continue
        to, limit = first.escalation.to, timedelta(minutes=first.escalation.after_minutes)
        second = recipients.get(to)
        if second is None or now - found.since < limit:
            continue
        if not store.escalated(cursor, to, found.occurrence):
            _put(cursor, to, second, found.occurrence, now)


def plan_digests(link: Connection, now: datetime) -> int:
    """Have the digests sent that are due; how many. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        since = {row.name: row.changed_at for row in store.recipients(cursor)}
        plans = (
            routing.digest_plan(name, recipient, since[name], now)
            for name, recipient in known(cursor).items()
        )
        return sum(store.put(cursor, plan.values()) for plan in plans if plan)


def _put(cursor: Cursor, name: str, recipient: Recipient, of: Occurrence, now: datetime) -> None:
    interval = timedelta(minutes=recipient.interval_minutes)
    plan: Plan = routing.plan(name, recipient, of, now)
    while not store.put(cursor, plan.values()):
        # This interval's message has left: the next one tells it.
        plan = plan.after(interval)
    store.put_alert(cursor, plan.delivery_id, of)
