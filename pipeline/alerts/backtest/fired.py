"""An alert that a rule would have raised."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pipeline.alerts import surge
from pipeline.alerts.lifecycle import Decision, Episode, Known
from pipeline.alerts.rules import Severity
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.windows import Story, SubjectKind
from pipeline.store.shapes import Condition

# What of an alert may be told, in the words of alert_event.
TOLD: Final = frozenset({"opened", "raised", "reopened", "resolved"})


@dataclass(frozen=True)
class Happening:
    """Something that would have happened to an alert."""

    # End of the bucket in which it could be known.
    at: datetime
    # One of TOLD.
    what: str
    # Of the alert from then on.
    severity: Severity


@dataclass
class Fired:
    """One alert as it would have stood at the end, had nobody touched it."""

    alert_id: UUID
    subject_kind: SubjectKind
    subject: str
    topic: str
    onset: datetime
    # End of its first surging window.
    found_at: datetime
    last_surge_at: datetime
    severity: Severity
    # Of its leading window.
    observed: int
    window: timedelta
    usual: tuple[int, int]
    publishers: int
    condition: Condition
    cold_start: bool
    # The topic within its issuer that its figures are of.
    within_topic: bool
    # When it was over; None: it still went on.
    ended_at: datetime | None = None
    happened: list[Happening] = field(default_factory=list)

    @classmethod
    def of(
        cls, kind: SubjectKind, subject: str, decision: Decision, stories: Iterable[Story]
    ) -> "Fired":
        """What `decision`, which has an episode, says of it; it rests on `stories`."""
        episode = _episode(decision)
        leading = episode.leading
        topics = [story.topic or subject for story in stories]
        return cls(
            alert_id=decision.alert_id,
            subject_kind=kind,
            subject=subject,
            topic=leading.topic or max(sorted(set(topics)), key=topics.count),
            onset=decision.onset,
            found_at=episode.found_at,
            last_surge_at=episode.last_end,
            severity=decision.severity,
            observed=leading.observed,
            window=leading.window,
            usual=surge.usual(leading.baseline),
            publishers=leading.publishers,
            condition=leading.condition,
            cold_start=leading.reason is Reason.COLD_START,
            within_topic=leading.topic is not None,
        )

    def known(self, decision: Decision) -> Known:
        """The alert as the next decision finds it."""
        return Known(
            self.alert_id,
            decision.state,
            self.severity,
            self.onset,
            self.last_surge_at,
            self.observed,
            decision.resolved_reason,
            self.condition,
        )


def _episode(decision: Decision) -> Episode:
    if decision.episode is None:
        raise ValueError(f"nothing surges in alert {decision.alert_id}")
    return decision.episode
