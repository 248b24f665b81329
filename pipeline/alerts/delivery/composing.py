"""From a row of the outbox to the message it stands for, as things are when it is sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from pipeline.alerts.delivery.message import STORIES, Chart, Found, Kind, Message, Watch, Writer
from pipeline.alerts.delivery.readers import words
from pipeline.alerts.delivery.recipients import Recipient
from pipeline.alerts.delivery.routing import UNCHECKED
from pipeline.alerts.history import figure, history, leading
from pipeline.alerts.phrases import Phrases
from pipeline.store import delivery as store
from pipeline.store import outages, reading, silences, suppressions
from pipeline.store.connection import Cursor
from pipeline.store.delivery import Claimed, Occurrence
from pipeline.store.outages import Outage
from pipeline.store.shapes import Alert
from pipeline.wording.clock import Clock

_DAY: Final = timedelta(days=1)
# Alerts that a digest looks through, the newest first.
_LOOKED_THROUGH: Final = 500
# Of why an alert was raised: what was counted, and against what.
_SENTENCES: Final = 2
# Withdrawn stories are read too, and left out.
_READ: Final = 4 * STORIES
# Ends that make an alert one that should not have been told.
_MISTAKEN: Final = frozenset({"corrected", "merged", "false_alarm"})


@dataclass(frozen=True)
class Composer:
    """Composes messages from what the database holds."""

    # Address of the console in links.
    console: str
    # Ids of the sources there are.
    sources: Sequence[str]

    def writer(self, recipient: Recipient, now: datetime) -> Writer:
        """Writes for this recipient."""
        say = words(recipient.language)
        return Writer(Phrases(say, Clock(recipient.tz, say, now)), self.console)

    def compose(
        self, cursor: Cursor, claimed: Claimed, recipient: Recipient, now: datetime
    ) -> Message | None:
        """The message; None where what it was to tell turned out to be nothing."""
        writer = self.writer(recipient, now)
        if claimed.kind == "test":
            return writer.test(claimed.delivery_id, claimed.recipient)
        if claimed.kind == "canary":
            return writer.canary(claimed.delivery_id, claimed.interval_start)
        if claimed.kind in {"unwatched", "watched"}:
            return _notice(cursor, claimed, writer)
        if claimed.kind == "digest":
            return _digest(cursor, claimed, recipient, writer)
        events = store.alerts_of(cursor, claimed.delivery_id)
        alerts = [found for key in events if (found := reading.alert(cursor, key))]
        if claimed.kind != "resolved":
            alerts = [alert for alert in alerts if alert.resolved_reason not in _MISTAKEN]
        alerts = _heard(cursor, claimed.kind, alerts, events, now)
        if not alerts:
            return None
        kind = cast(Kind, claimed.kind)
        told = [_found(cursor, alert, writer.phrases) for alert in alerts]
        unheard = None
        if kind == "escalated":
            since = min(_since(cursor, alert, events[alert.alert_id]) for alert in alerts)
            unheard = now - since
        alone = len(alerts) == 1 and recipient.reached_by.shows_chart
        chart = self._chart(cursor, alerts[0], writer.phrases) if alone else None
        intro = _missed(cursor, claimed, events, writer) if kind == "late" else ""
        return writer.told(claimed.delivery_id, kind, told, unheard, chart, intro)

    def _chart(self, cursor: Cursor, alert: Alert, phrases: Phrases) -> Chart:
        clock = phrases.clock
        past = history(cursor, alert, self.sources, clock.now)
        led_by = leading(alert, reading.contributing(cursor, alert.alert_id))
        drawn = figure(past, alert, led_by, phrases.words, clock)
        return Chart(drawn.drawn.document(), drawn.caption)


def _notice(cursor: Cursor, claimed: Claimed, writer: Writer) -> Message | None:
    outage = outages.of(cursor, claimed.interval_start)
    if claimed.kind == "watched" and outage.until:
        return writer.watched(claimed.delivery_id, outage.since, outage.until)
    # Over before it could be told: nothing to tell.
    return None if outage.until else writer.unwatched(claimed.delivery_id, outage.since)


def _missed(cursor: Cursor, claimed: Claimed, alerts: Collection[UUID], writer: Writer) -> str:
    """When it was missed; empty where that is no longer known."""
    if claimed.group_key == UNCHECKED:
        return writer.missed(outages.before(cursor, claimed.interval_start), heard=True)
    unheard = outages.unheard(cursor, alerts, claimed.due_at).values()
    if not unheard:
        return ""
    until = max(one.until for one in unheard if one.until)
    return writer.missed(Outage(min(one.since for one in unheard), until), heard=False)


def _heard(
    cursor: Cursor, kind: str, alerts: Sequence[Alert], events: Mapping[UUID, int], now: datetime
) -> list[Alert]:
    """Those over which no silence was laid while the message waited."""
    over = silences.over(cursor, [alert.alert_id for alert in alerts], now)
    for alert in alerts:
        if alert.alert_id in over and kind in suppressions.LIFTED:
            about = (alert.subject_kind, alert.subject, alert.topic, alert.severity)
            of = Occurrence(kind, alert.alert_id, *about, seq=events[alert.alert_id])
            suppressions.silenced(cursor, of, over[alert.alert_id], now)
    return [alert for alert in alerts if alert.alert_id not in over]


def _found(cursor: Cursor, alert: Alert, phrases: Phrases) -> Found:
    contributing = reading.contributing(cursor, alert.alert_id)
    led_by = leading(alert, contributing)
    rule = reading.rule_body(cursor, alert.rule_id, alert.rule_version)
    why = phrases.why(alert, led_by, rule)[:_SENTENCES] + phrases.beside(alert, contributing)
    return Found(alert, why, reading.evidence(cursor, alert.alert_id, "", _READ))


def _since(cursor: Cursor, alert: Alert, seq: int) -> datetime:
    """When the event happened that nobody answered."""
    events = reading.timeline(cursor, alert.alert_id)
    return next((event.at for event in events if event.seq == seq), alert.detected_at)


def _digest(cursor: Cursor, claimed: Claimed, recipient: Recipient, writer: Writer) -> Message:
    until = claimed.interval_start
    newest = reading.alerts(cursor, reading.Filter(state="all", limit=_LOOKED_THROUGH))
    found = [
        alert
        for alert in newest
        if recipient.watches(alert.subject_kind, alert.subject)
        and recipient.reads(alert.severity)
        and alert.detected_at <= until
        and (alert.state != "resolved" or alert.detected_at > until - _DAY)
        and (alert.origin, alert.historical) == ("live", False)
    ]
    checked = reading.pulse(cursor).checked_at
    watch = Watch(checked, reading.articles_since(cursor, until - _DAY))
    return writer.digest(claimed.delivery_id, found, until, watch)
