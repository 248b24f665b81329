"""Which surging windows are one episode, and what an episode does to the alerts there are.

An alert is made once and then follows what is known: the same facts lead to the same alert whatever
the order, the number and the delay of the runs that saw them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid5

from pipeline.alerts.rules import SEVERITIES, Severity
from pipeline.alerts.verdicts import Verdict
from pipeline.alerts.windows import BUCKET, Span, SubjectKind
from pipeline.store.shapes import Condition

_NAMESPACE: Final = UUID("6f1d0c0e-5c0b-5b7e-9f0a-70c514a1e275")

State = Literal["firing", "acknowledged", "resolved"]
Resolution = Literal["subsided", "corrected", "false_alarm", "closed", "merged"]
# What an analyst ended rings again at so many times the stories it was ended with.
_OUTGROWN: Final = 2
# When an episode whose last surging window ended then was over; None: it still goes on.
OverAt = Callable[[datetime], datetime | None]


def alert_id(kind: SubjectKind, subject: str, onset: datetime) -> UUID:
    """The id of the alert of that subject that began then; the same whoever finds it."""
    return uuid5(_NAMESPACE, f"{kind} {subject} {onset.isoformat()}")


@dataclass(frozen=True)
class Episode:
    """A chain of surging windows without a quiet cool-down between them."""

    # In order of their ends; never empty.
    verdicts: tuple[Verdict, ...]
    # When it was over; None: it goes on.
    over_at: datetime | None
    # The alert an analyst had ended before the surge rose to this.
    risen_from: UUID | None = None

    @property
    def onset(self) -> datetime:
        """First bucket with a story in its first window, the shortest where several end then.

        Of one that rose from an ended alert, the bucket in which it did.
        """
        first = self.verdicts[0].span
        return first.end - BUCKET if self.risen_from else first.start

    @property
    def found_at(self) -> datetime:
        """End of its first surging window: when it could first be known."""
        return self.verdicts[0].span.end

    @property
    def last_end(self) -> datetime:
        return max(verdict.span.end for verdict in self.verdicts)

    @property
    def leading(self) -> Verdict:
        """The window that stands for it: the most improbable, then the fullest, then the first.

        One of a topic within an issuer only where the issuer as a whole does not surge, and
        another condition only where nothing surges.
        """
        return min(self.verdicts, key=lambda v: (v.loudness, v.span.end, v.window))

    @property
    def severity(self) -> Severity:
        return max((verdict.severity for verdict in self.verdicts), key=SEVERITIES.index)

    def meets(self, span: Span) -> bool:
        """Whether it shares an instant with `span`, its own cool-down included."""
        return self.onset < span.end and (self.over_at is None or span.start < self.over_at)


@dataclass(frozen=True)
class Known:
    """An alert as it stands."""

    alert_id: UUID
    state: State
    severity: Severity
    onset: datetime
    last_surge_at: datetime
    # Stories in its leading window; of an ended alert, when it was ended.
    observed: int
    resolved_reason: Resolution | None
    # Which its figures are of.
    condition: Condition

    @property
    def is_open(self) -> bool:
        return self.state != "resolved"

    @property
    def judged(self) -> bool:
        """Whether an analyst ended it: what belongs to it stays ended."""
        return self.resolved_reason in {"false_alarm", "closed"}

    def is_outgrown_by(self, verdict: Verdict) -> bool:
        """Whether an analyst who ended it cannot have meant so much, or not that event."""
        if not self.judged:
            return False
        if verdict.condition == "slow_burn":
            return False
        if verdict.condition == "severe":
            return verdict.span.end > self.last_surge_at
        if self.condition == "slow_burn":
            return True
        return verdict.observed >= _OUTGROWN * self.observed


@dataclass(frozen=True)
class Decision:
    """What is to happen to one alert, and why. `episode` None: nothing surges any more."""

    alert_id: UUID
    episode: Episode | None
    state: State
    severity: Severity
    resolved_reason: Resolution | None = None
    known: Known | None = None
    reopened_from: UUID | None = None
    # The alert its surge turned out to be part of.
    merged_into: UUID | None = None

    @property
    def onset(self) -> datetime:
        """The earlier of what was known and what is found: a late story can only move it back."""
        onsets = [part.onset for part in (self.episode, self.known) if part]
        return min(onsets)


def episodes(verdicts: Sequence[Verdict], over_at: OverAt, cool_down: timedelta) -> list[Episode]:
    """The surging windows chained: a new episode begins where the one before was over."""
    chains: list[list[Verdict]] = []
    # An event first, so that nothing of its bucket counts to an alert that was ended before it.
    order = sorted(verdicts, key=lambda v: (v.span.end, v.condition == "surge", v.window))
    for verdict in order:
        if chains and _goes_on(chains[-1][-1].span.end, verdict, over_at, cool_down):
            chains[-1].append(verdict)
        else:
            chains.append([verdict])
    return [Episode(tuple(chain), over_at(chain[-1].span.end)) for chain in chains]


def _goes_on(last_end: datetime, verdict: Verdict, over_at: OverAt, cool_down: timedelta) -> bool:
    # Nothing is over before a cool-down, so that the walk to where it is can be spared.
    if verdict.span.start < last_end + cool_down:
        return True
    over = over_at(last_end)
    return over is None or verdict.span.start < over


def decide(
    subject: tuple[SubjectKind, str],
    found: Sequence[Episode],
    known: Sequence[Known],
    over_at: OverAt,
    reopens_within: timedelta,
) -> list[Decision]:
    """What the episodes of one subject do to its alerts, in the order it has to happen.

    `reopens_within` is how long after an alert subsided a new one still names it.
    """
    parts = [part for episode in found for part in _parts(episode, known, over_at)]
    meeting = [(part, _meeting(part, known, over_at)) for part in parts]
    into = _merged([alerts for _, alerts in meeting])
    belongs: dict[UUID, list[Episode]] = {alert.alert_id: [] for alert in known}
    for part, alerts in meeting:
        if alerts:
            owner = alerts[0].alert_id
            belongs[into.get(owner, owner)].append(part)
    fresh = [part for part, alerts in meeting if not alerts]
    kept = [_merge(alert, into[alert.alert_id]) for alert in known if alert.alert_id in into]
    for alert in known:
        if alert.alert_id not in into:
            merged = [one for one in known if into.get(one.alert_id) == alert.alert_id]
            decision = _follow(alert, belongs[alert.alert_id], merged)
            kept += [decision] if decision else []
    # An open alert must be ended before its successor is opened.
    kept.sort(key=lambda decision: decision.state != "resolved")
    ended = [_end(alert, kept) for alert in known]
    for episode in fresh:
        opened = _open(subject, episode)
        before = [
            (end, earlier)
            for end, earlier in ended
            if end and end < episode.onset <= end + reopens_within
        ]
        earlier = max(before)[1] if before else None
        kept.append(replace(opened, reopened_from=episode.risen_from or earlier))
        if episode.over_at:
            ended.append((episode.last_end, opened.alert_id))
    return kept


def _parts(episode: Episode, known: Sequence[Known], over_at: OverAt) -> list[Episode]:
    """The episode, parted where it outgrew an alert that an analyst had ended."""
    parts: list[Episode] = []
    for alert in sorted(known, key=lambda alert: alert.onset):
        risen = (i for i, v in enumerate(episode.verdicts) if alert.is_outgrown_by(v))
        at = next(risen, None)
        if at is None or not episode.meets(_span(alert, over_at)):
            continue
        rest = Episode(episode.verdicts[at:], episode.over_at, alert.alert_id)
        if at:
            parts.append(Episode(episode.verdicts[:at], rest.onset, episode.risen_from))
        episode = rest
    return [*parts, episode]


def _meeting(episode: Episode, known: Sequence[Known], over_at: OverAt) -> list[Known]:
    """The alerts the episode is part of, the one that goes on first.

    What an analyst ended last stays ended. Alerts nobody ended turn out to be one, the earliest,
    so that the alerts are those an orderly stream would have raised.
    """
    found = [
        alert
        for alert in known
        if episode.meets(_span(alert, over_at))
        and not any(alert.is_outgrown_by(verdict) for verdict in episode.verdicts)
    ]
    latest = max(found, key=lambda alert: (alert.is_open, alert.onset), default=None)
    if latest is None or latest.judged:
        return [latest] if latest else []
    return sorted((a for a in found if not a.judged), key=lambda a: (a.onset, a.alert_id))


def _merged(meetings: Sequence[Sequence[Known]]) -> dict[UUID, UUID]:
    """Of alerts that met in one episode, each later one with the earliest it leads to."""
    into: dict[UUID, UUID] = {}
    for first, *later in sorted((m for m in meetings if m), key=lambda m: m[0].onset):
        target = into.get(first.alert_id, first.alert_id)
        into.update({a.alert_id: target for a in later if a.alert_id != target})
    return into


def _merge(alert: Known, into: UUID) -> Decision:
    return Decision(
        alert.alert_id, None, "resolved", alert.severity, "merged", alert, merged_into=into
    )


def _span(alert: Known, over_at: OverAt) -> Span:
    end = over_at(alert.last_surge_at)
    return Span(alert.onset, end or datetime.max.replace(tzinfo=alert.onset.tzinfo))


def _open(subject: tuple[SubjectKind, str], episode: Episode) -> Decision:
    over = episode.over_at is not None
    return Decision(
        alert_id=alert_id(*subject, episode.onset),
        episode=episode,
        state="resolved" if over else "firing",
        severity=episode.severity,
        resolved_reason="subsided" if over else None,
    )


def _follow(alert: Known, found: Sequence[Episode], merged: Sequence[Known]) -> Decision | None:
    """What becomes of an alert and of those that are `merged` into it; None: nothing."""
    if not found:
        if not alert.is_open:
            return None
        return Decision(alert.alert_id, None, "resolved", alert.severity, "corrected", alert)
    last = max(found, key=lambda episode: episode.last_end)
    episode = Episode(tuple(v for part in found for v in part.verdicts), last.over_at)
    levels = [alert.severity, episode.severity, *(one.severity for one in merged)]
    severity = max(levels, key=SEVERITIES.index)
    # Who had taken on the one that was open has taken on the whole.
    state = next((one.state for one in (alert, *merged) if one.is_open), alert.state)
    decision = Decision(alert.alert_id, episode, state, severity, alert.resolved_reason, alert)
    if alert.judged:
        return decision
    if episode.over_at is None:
        goes_on: State = "firing" if state == "resolved" else state
        return replace(decision, state=goes_on, resolved_reason=None)
    # What was corrected and then found again was a surge after all, if a past one.
    return replace(decision, state="resolved", resolved_reason="subsided")


def _end(alert: Known, kept: Sequence[Decision]) -> tuple[datetime | None, UUID]:
    """When the alert last surged, if it subsided, and its id."""
    decision = next((d for d in kept if d.alert_id == alert.alert_id), None)
    reason = decision.resolved_reason if decision else alert.resolved_reason
    last = decision.episode.last_end if decision and decision.episode else alert.last_surge_at
    return (last if reason == "subsided" else None), alert.alert_id
