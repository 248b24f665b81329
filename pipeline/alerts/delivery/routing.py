"""When a recipient is told of something, and together with what. It asks nobody."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pipeline.alerts.delivery.recipients import Quiet, Recipient, hour
from pipeline.store.delivery import Occurrence

_NAMESPACE: Final = UUID("b5b7a9b0-6a0c-5d0e-8f53-2f3f0f7a1c42")
_ORIGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
# Groups of their own: what falls into quiet hours, and what was missed while nobody looked or while
# sources were not heard.
QUIET: Final = "quiet"
UNCHECKED: Final = "late/unchecked"
UNHEARD: Final = "late/unheard"
# How long what was missed is waited for.
_GATHERING: Final = timedelta(minutes=10)
# What a digest of yesterday is not worth sending any more.
_DIGEST_LATE: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Plan:
    """One message: what is told at once, to whom, and when at the earliest."""

    recipient: str
    channel: str
    kind: str
    group_key: str
    interval_start: datetime
    due_at: datetime

    @property
    def delivery_id(self) -> UUID:
        """The key by which a repetition is known: the same for the same five."""
        interval = self.interval_start.astimezone(UTC).isoformat()
        parts = (self.channel, self.recipient, self.group_key, interval, self.kind)
        return uuid5(_NAMESPACE, "\n".join(parts))

    def after(self, interval: timedelta) -> Self:
        """The same in the next interval."""
        start = self.interval_start + interval
        return replace(self, interval_start=start, due_at=max(self.due_at, start))

    def values(self) -> dict[str, Any]:
        """As the outbox keeps it."""
        return {**vars(self), "delivery_id": self.delivery_id}


def plan(name: str, recipient: Recipient, of: Occurrence, now: datetime) -> Plan:
    """When the recipient is told of this, and with what.

    At once, if its group had no message in this interval. A name on a watchlist it refers to shares
    a message with nothing else. What falls into quiet hours waits for their end and is told
    together.
    """
    by = {"subject": f"{of.subject_kind}:{of.subject}", "topic": of.topic, "all": "all"}
    # A severity is a group of its own, so that nothing critical waits for something low.
    grouped = "subject" if recipient.names(of) else recipient.group
    group = f"{of.severity}/{by[grouped]}"
    interval = timedelta(minutes=recipient.interval_minutes)
    start = now - (now - _ORIGIN) % interval
    due = now
    quiet = recipient.quiet
    if quiet and not (quiet.critical and of.severity == "critical"):
        until = quiet_until(quiet, recipient.tz, now)
        if until:
            group, start, due = QUIET, until, until
    return Plan(name, recipient.channel, of.kind, group, start, due)


def late(of: Plan, unchecked_since: datetime | None) -> Plan:
    """The same as part of the one message of what was missed; quiet hours hold it as they do.

    What nobody looked for, since then, is found by one run. What sources bring that were not heard
    is found by several, so it is gathered for some minutes.
    """
    if of.group_key == QUIET:
        return of
    if unchecked_since:
        start, due, group = unchecked_since, of.due_at, UNCHECKED
    else:
        start = of.due_at - (of.due_at - _ORIGIN) % _GATHERING
        due, group = start + _GATHERING, UNHEARD
    return replace(of, kind="late", group_key=group, interval_start=start, due_at=due)


def quiet_until(quiet: Quiet, zone: ZoneInfo, at: datetime) -> datetime | None:
    """When the quiet hours end that hold at that time; None where none do."""
    start, end = hour(quiet.start), hour(quiet.end)
    today = at.astimezone(zone).date()
    for day in (today - _DAY, today):
        begins = _at(day, start, zone)
        ends = _at(day if start < end else day + _DAY, end, zone)
        if begins <= at < ends:
            return ends
    return None


def digest_plan(
    name: str, recipient: Recipient, known_since: datetime, now: datetime
) -> Plan | None:
    """The digest that is due by now; None where there is none, or it is too late for it."""
    if recipient.digest is None:
        return None
    today = now.astimezone(recipient.tz).date()
    times = (_at(day, hour(recipient.digest), recipient.tz) for day in (today, today - _DAY))
    due = next((at for at in times if at <= now), None)
    if due is None or now - due > _DIGEST_LATE or due < known_since:
        return None
    return Plan(name, recipient.channel, "digest", "digest", due, due)


def _at(day: date, time_of_day: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time_of_day, zone).astimezone(UTC)
