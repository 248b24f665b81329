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
from pipeline.store import outages, silences, suppressions, watchlists
from pipeline.store.connection import Connection, Cursor, transaction
from pipeline.store.delivery import Occurrence

# Events that are told, in the words of alert_event.
_TOLD: Final = ("opened", "raised", "reopened", "lapsed")
# Ends that came longer ago are told nobody any more.
_ENDED_FOR: Final = timedelta(days=1)
# Where nobody looked for longer than this, what is found then was missed.
MISSED: Final = timedelta(minutes=10)

_log = logging.getLogger(__name__)


def enabled(cursor: Cursor) -> dict[str, Recipient]:
    """The recipients that are enabled and can be used, whatever their watchlists name."""
    found = {}
    for row in store.recipients(cursor):
        try:
            recipient = parse(row.name, row.body)
        except RecipientError as error:
            # One that an older version wrote must not keep alerts from being found.
            _log.error("%s", error)
            continue
        if recipient.enabled:
            found[row.name] = recipient
    return found


def known(cursor: Cursor) -> dict[str, Recipient]:
    """The recipients that are enabled and can be used, with what their watchlists name now."""
    lists = watchlists.everything(cursor)
    return {name: watching(recipient, lists) for name, recipient in enabled(cursor).items()}


def notify(
    cursor: Cursor,
    events: Mapping[str, Iterable[UUID]],
    now: datetime,
    unchecked_since: datetime | None = None,
) -> None:
    """Have everybody told whom this run's events, an end or a long silence concern.

    `unchecked_since` is when alerts were last looked for, where that was long before this run: what
    it finds is then told in one message. What sources that were not heard bring late is, too.
    """
    suppressions.late(cursor, [*events.get("opened", ()), *events.get("reopened", ())], now)
    recipients = known(cursor)
    if not recipients:
        return
    happened = [(alert, what) for what in _TOLD for alert in events.get(what, ())]
    fresh = {alert for alert, _ in happened}
    lifted = [of for of in suppressions.lift(cursor, now) if of[0] not in fresh]
    # What ends with its silence or its acknowledgement was found long before.
    in_time = {alert for alert, _ in lifted} | set(events.get("lapsed", ()))
    happened += lifted
    found = store.occurrences(cursor, happened) if happened else []
    told = {of.alert_id for of in found}
    over = silences.over(cursor, sorted(told), now)
    unheard = outages.unheard(cursor, told, now) if found else {}
    for of in found:
        if of.alert_id in over:
            suppressions.silenced(cursor, of, over[of.alert_id], now)
            continue
        missed = unchecked_since is not None or of.alert_id in unheard
        late = missed and of.alert_id not in in_time
        for name, recipient in recipients.items():
            if recipient.wants(of):
                plan = routing.plan(name, recipient, of, now)
                _put(cursor, routing.late(plan, unchecked_since) if late else plan, recipient, of)
    _tell_ends(cursor, recipients, now)
    _escalate(cursor, recipients, now)


def _tell_ends(cursor: Cursor, recipients: Mapping[str, Recipient], now: datetime) -> None:
    found = store.endings(cursor, now - _ENDED_FOR)
    over = silences.over(cursor, [ending.occurrence.alert_id for ending in found], now)
    for ending in found:
        told = recipients.get(ending.recipient)
        if told and told.resolved and ending.occurrence.alert_id not in over:
            plan = routing.plan(ending.recipient, told, ending.occurrence, now)
            _put(cursor, plan, told, ending.occurrence)


def release(cursor: Cursor, canary: datetime | None, now: datetime) -> None:
    """Have the test channels told of the canary that was fetched then, if there is one."""
    if canary is None:
        return
    for name, recipient in known(cursor).items():
        if recipient.canary:
            plan = Plan(name, recipient.channel, "canary", "canary", canary, now)
            store.put(cursor, plan.values())


def _escalate(cursor: Cursor, recipients: Mapping[str, Recipient], now: datetime) -> None:
    unheard = store.unheard(cursor)
    over = silences.over(cursor, [found.occurrence.alert_id for found in unheard], now)
    for found in unheard:
        first = recipients.get(found.recipient)
        if first is None or first.escalation is None or found.occurrence.alert_id in over:
            continue
        to, limit = first.escalation.to, timedelta(minutes=first.escalation.after_minutes)
        second = recipients.get(to)
        if second is None or now - found.since < limit:
            continue
        if not store.escalated(cursor, to, found.occurrence):
            _put(cursor, routing.plan(to, second, found.occurrence, now), second, found.occurrence)


def plan_digests(link: Connection, now: datetime) -> int:
    """Have the digests sent that are due; how many. Raises StoreUnavailable."""
    with transaction(link) as cursor:
        since = {row.name: row.changed_at for row in store.recipients(cursor)}
        plans = (
            routing.digest_plan(name, recipient, since[name], now)
            for name, recipient in known(cursor).items()
        )
        return sum(store.put(cursor, plan.values()) for plan in plans if plan)


def _put(cursor: Cursor, plan: Plan, recipient: Recipient, of: Occurrence) -> None:
    interval = timedelta(minutes=recipient.interval_minutes)
    while not store.put(cursor, plan.values()):
        # This interval's message has left: the next one tells it.
        plan = plan.after(interval)
    store.put_alert(cursor, plan.delivery_id, of)
