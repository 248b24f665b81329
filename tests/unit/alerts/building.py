"""Series and detectors for the specs of detection."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pipeline.alerts import rules
from pipeline.alerts.detect import Detector
from pipeline.alerts.windows import Series, Span, Story, SubjectKind

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULE = rules.parse("surge", rules.shipped()["surge"])
LONG_AGO = 60


def burst(count: int, last: datetime = NOON, over: timedelta = 50 * MINUTE) -> list[datetime]:
    """Times spread evenly over the span before `last`."""
    return [last - over * (count - 1 - i) / max(count - 1, 1) for i in range(count)]


def detector(
    times: Sequence[datetime],
    publishers: int = 4,
    history_days: int = LONG_AGO,
    kind: SubjectKind = "issuer",
    apart: Sequence[Span] = (),
) -> Detector:
    """A subject with these negative stories, publishers in turn, watched for so many days."""
    stories = [Story(UUID(int=n), at, 1.0) for n, at in enumerate(times)]
    return Detector(
        rule=RULE,
        series=Series.of(kind, stories),
        covered={(NOON - back * DAY).date() for back in range(-5, history_days)},
        owners={s.story_id: {f"owner {s.story_id.int % publishers}"} for s in stories},
        apart=list(apart),
    )
