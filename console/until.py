"""Until when: the times that a reader is offered, in the reader's zone."""

from datetime import datetime, timedelta
from typing import Final, Literal

from pipeline.wording.clock import Clock

Length = Literal["hour", "hours", "morning", "day", "week"]
LENGTHS: Final[dict[Length, timedelta | None]] = {
    "hour": timedelta(hours=1),
    "hours": timedelta(hours=4),
    "morning": None,
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
LONGEST_COMMENT: Final = 500
# When the working day begins.
_MORNING: Final = timedelta(hours=8)


def end_of(length: Length, clock: Clock) -> datetime:
    """When a length that begins now is over."""
    span = LENGTHS[length]
    return clock.now + span if span else next_morning(clock)


def next_morning(clock: Clock) -> datetime:
    """The next 08:00 on the reader's clock."""
    today = clock.midnight(clock.now) + _MORNING
    return today if today > clock.now else clock.midnight(today + timedelta(days=1)) + _MORNING
