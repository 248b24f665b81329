"""Whether risk scores say anything ahead: those before alerts against those of ordinary hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal

from pipeline.alerts.risk import hour_of, weights
from pipeline.alerts.risk_run import histories
from pipeline.store import risk as store
from pipeline.store.connection import Cursor
from pipeline.store.risk import AlertRow

Anchor = Literal["onset", "found"]

_HOUR: Final = timedelta(hours=1)
# Hours so close to an alert on the issuer are no ordinary ones.
_APART: Final = timedelta(hours=24)
_ANCHORS: Final[tuple[Anchor, ...]] = ("onset", "found")
_PLACES: Final = [(anchor, hours) for anchor in _ANCHORS for hours in (-6, -1, 1)]


@dataclass(frozen=True)
class Compared:
    """Scores at one distance from alerts, against ordinary hours."""

    # From what, and how many hours after it; below 0: before it.
    anchor: Anchor
    hours: int
    scores: Sequence[float]
    median: float
    # Probability that such a score exceeds that of an ordinary hour, ties counted half.
    exceeds: float


@dataclass(frozen=True)
class Checked:
    """How the issuers with news were scored over a span."""

    issuers: int
    ordinary_hours: int
    ordinary_median: float
    ordinary_95: float
    compared: Sequence[Compared]


def check(cursor: Cursor, since: datetime, until: datetime) -> Checked | None:
    """Compare the scores around issuers' alerts with those of ordinary hours.

    An onset is the beginning of the first window that surged, so that what is scored before it
    holds no story of the surge; found is when a run raised the alert, by its clock. Ordinary are
    the full hours of issuers with news that lie a day or more from any of their alerts. None: there
    was no alert, or no ordinary hour.
    """
    alerts = store.alerts(cursor, since, until)
    found = histories(cursor, since, until, weights())
    count = (until - hour_of(since)) // _HOUR
    hours = [hour_of(since) + _HOUR * place for place in range(1, count + 1)]
    ordinary = sorted(
        history.at(hour).score
        for issuer, history in found.items()
        for hour in hours
        if not any(_near(alert, hour) for alert in alerts if alert.issuer == issuer)
    )
    told = [alert for alert in alerts if alert.issuer in found]
    if not told or not ordinary:
        return None
    compared = []
    for anchor, distance in _PLACES:
        times = [alert.onset if anchor == "onset" else alert.detected_at for alert in told]
        scores = [
            found[alert.issuer].at(at + _HOUR * distance).score
            for alert, at in zip(told, times, strict=True)
        ]
        share = sum(_exceeds(score, ordinary) for score in scores) / len(scores)
        compared.append(Compared(anchor, distance, scores, median(scores), share))
    high = ordinary[int(0.95 * (len(ordinary) - 1))]
    return Checked(len(found), len(ordinary), median(ordinary), high, compared)


def _near(alert: AlertRow, hour: datetime) -> bool:
    return alert.onset - _APART < hour < alert.last_surge_at + _APART


def _exceeds(score: float, ordinary: Sequence[float]) -> float:
    """The share of ordinary scores that it exceeds."""
    below, equal = sum(o < score for o in ordinary), sum(o == score for o in ordinary)
    return (below + equal / 2) / len(ordinary)
