"""What a detector finds of one window, or of one condition beside the windows, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pipeline.alerts import surge
from pipeline.alerts.rules import Severity
from pipeline.alerts.windows import Span
from pipeline.store.shapes import Condition

# Which speaks for an alert that several contribute to: the first that is there.
CONDITIONS: Final[tuple[Condition, ...]] = ("surge", "severe", "slow_burn")


class Reason(StrEnum):
    """Why a window or a report rings or does not."""

    SURGING = "surging"
    # Surging by the fixed rule, for want of history.
    COLD_START = "cold_start"
    TOO_FEW_STORIES = "too_few_stories"
    TOO_FEW_PUBLISHERS = "too_few_publishers"
    USUAL = "usual"
    # One report of a severe event by a trusted publisher.
    SEVERE = "severe"
    # Days that add up to an alert.
    SLOW_BURN = "slow_burn"
    # A severe word that the headline denies, asks about or only supposes.
    DENIED = "denied"
    NOT_TRUSTED = "not_trusted"
    NOT_NEGATIVE = "not_negative"
    # A report of a kind of event that was reported of the issuer shortly before.
    REPEATED = "repeated"


@dataclass(frozen=True)
class Verdict:
    """What rings: a surging window, or another condition with the figures of a window."""

    # surging, cold_start, severe or slow_burn.
    reason: Reason
    # From the first bucket with a story to the end of the window.
    span: Span
    window: timedelta
    # Distinct negative stories, and owners of the publishers that carry them.
    observed: int
    publishers: int
    baseline: surge.Baseline
    # The count from which on such a window surges.
    threshold: int
    p_value: float
    severity: Severity
    # The topic within its issuer that surges; None: the issuer, or the topic, as a whole.
    topic: str | None = None
    # What the condition rests on, as JSON holds it; a surge rests on its figures alone.
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def condition(self) -> Condition:
        if self.reason is Reason.SEVERE:
            return "severe"
        return "slow_burn" if self.reason is Reason.SLOW_BURN else "surge"

    @property
    def begins(self) -> datetime:
        """From when on stories are its evidence."""
        return self.span.end - self.window if self.condition == "slow_burn" else self.span.start

    @property
    def loudness(self) -> tuple[float, ...]:
        """The least stands for the others: the rarest surge, the first event, the latest burn."""
        figures: tuple[float, ...] = ()
        if self.condition == "surge":
            figures = (self.p_value, -self.observed)
        elif self.condition == "slow_burn":
            figures = (-self.span.end.timestamp(),)
        return (CONDITIONS.index(self.condition), self.topic is not None, *figures)


@dataclass(frozen=True)
class Look:
    """One window as the detector sees it, whether it surges or not."""

    end: datetime
    window: timedelta
    topic: str | None
    observed: int
    publishers: int
    baseline: surge.Baseline
    threshold: int
    p_value: float
    reason: Reason
