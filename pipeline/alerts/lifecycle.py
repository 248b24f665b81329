"""Which surging windows are one episode, and what an episode does to the alerts there are.

An alert is made once and then follows what is known: the same facts lead to the same alert whatever
the order, the number and the delay of the runs that saw them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid5

from pipeline.alerts.detect import Verdict
from pipeline.alerts.rules import SEVERITIES, Severity
from pipeline.alerts.windows import Span, SubjectKind

_NAMESPACE: Final = UUID("6f1d0c0e-5c0b-5b7e-9f0a-70c514a1e275")

State = Literal["firing", "acknowledged", "resolved"]
Resolution = Literal["subsided", "corrected", "false_alarm", "closed"]
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

    @property
    def onset(self) -> datetime:
        """First bucket with a story in its first window, the shortest where several end then."""
        return self.verdicts[0].span.start

    @property
    def found_at(self) -> datetime:
        """End of its first surging window: when it could first be known."""
        return self.verdicts[0].span.end

    @property
    def last_end(self) -> datetime:
        return max(verdict.span.end for verdict in self.verdicts)

    @property
    def leading(self) -> Verdict:
        """The window that stands for it: the most improbable, then the fullest, then the first."""
        return min(self.verdicts, key=lambda v: (v.p_value, -v.observed, v.span.end, v.window))

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
    resolved_reason: Resolution | None

    @property
    def is_open(self) -> bool:
        return self.state != "resolved"

    @property
    def judged(self) -> bool:
        """Whether an analyst ended it: what belongs to it stays ended."""
        return self.resolved_reason in {"false_alarm", "closed"}


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

    @property
    def onset(self) -> datetime:
        """The earlier of what was known and what is found: a late story can only move it back."""
        onsets = [part.onset for part in (self.episode, self.known) if part]
        return min(onsets)


def episodes(verdicts: Sequence[Verdict], over_at: OverAt, cool_down: timedelta) -> list[Episode]:
    """The surging windows chained: a new episode begins where the one before was over."""
    chains: list[list[Verdict]] = []
    for verdict in sorted(verdicts, key=lambda v: (v.span.end, v.window)):
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
    belongs: dict[UUID, list[Episode]] = {alert.alert_id: [] for alert in known}
    fresh: list[Episode] = []
    for episode in found:
        owner = _owner(episode, known, over_at)
        (belongs[owner.alert_id] if owner else fresh).append(episode)
    decisions = [_follow(alert, belongs[alert.alert_id]) for alert in known]
    kept = [decision for decision in decisions if decision]
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
        kept.append(replace(opened, reopened_from=max(before)[1] if before else None))
        if episode.over_at:
            ended.append((episode.last_end, opened.alert_id))
    return kept


def _owner(episode: Episode, known: Sequence[Known], over_at: OverAt) -> Known | None:
    """The alert the episode is part of: the open one first, then the latest."""
    meeting = [alert for alert in known if episode.meets(_span(alert, over_at))]
    return max(meeting, key=lambda alert: (alert.is_open, alert.onset), default=None)


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


def _follow(alert: Known, found: Sequence[Episode]) -> Decision | None:
    """What becomes of an alert; None: nothing."""
    if not found:
        if not alert.is_open:
            return None
        return Decision(alert.alert_id, None, "resolved", alert.severity, "corrected", alert)
    last = max(found, key=lambda episode: episode.last_end)
    episode = Episode(tuple(v for part in found for v in part.verdicts), last.over_at)
    severity = max(alert.severity, episode.severity, key=SEVERITIES.index)
    decision = Decision(
        alert.alert_id, episode, alert.state, severity, alert.resolved_reason, known=alert
    )
    if alert.judged:
        return decision
    if episode.over_at is None:
        state: State = "firing" if alert.state == "resolved" else alert.state
        return replace(decision, state=state, resolved_reason=None)
    # What was corrected and then found again was a surge after all, if a past one.
    return replace(decision, state="resolved", resolved_reason="subsided")


def _end(alert: Known, kept: Sequence[Decision]) -> tuple[datetime | None, UUID]:
    """When the alert last surged, if it subsided, and its id."""
    decision = next((d for d in kept if d.alert_id == alert.alert_id), None)
    reason = decision.resolved_reason if decision else alert.resolved_reason
    last = decision.episode.last_end if decision and decision.episode else alert.last_surge_at
    return (last if reason == "subsided" else None), alert.alert_id
