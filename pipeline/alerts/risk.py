"""An issuer's risk score: 0 to 100, the sum of the points of five drivers.

The formula is ours; docs/how-to/risk-score.md tells it with an example, risk.toml has its weights.
Each driver lies between 0 and 1, the score rises with each, and a story's part in it halves with
every half-life. What happened after the time that is scored plays no part in it.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import groupby
from math import log
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.alerts.rules import SEVERITIES, RuleError
from pipeline.alerts.surge import Numbers

DriverName = Literal["share", "severity", "novelty", "alerts", "trend"]

_HOUR: Final = timedelta(hours=1)
_ORIGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ALL_POINTS: Final = 100

Points = Annotated[float, msgspec.Meta(ge=0, le=100)]
Flags = NDArray[np.bool_]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1_000)]
Part = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    points: Points


class Share(_Section, frozen=True):
    """Of its news, how much is negative."""

    assumed_neutral: Positive


class Gravity(_Section, frozen=True):
    """How grave the negative news is."""

    half_at: Positive
    gravity: Part
    topics: Mapping[str, Part]


class Novelty(_Section, frozen=True):
    """How much of it is of a kind not seen before."""

    half_at: Positive
    unseen_days: Positive
    recent_hours: Positive


class Alerts(_Section, frozen=True):
    """What an open alert counts, by its severity."""

    severity: Mapping[str, Part]


class Trend(_Section, frozen=True):
    """Whether it is getting worse."""

    fast_hours: Positive
    slow_hours: Positive
    assumed_a_day: Positive


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """risk.toml, which says what each field means."""

    version: Annotated[int, msgspec.Meta(ge=1)]
    half_life_hours: Positive
    reach_days: Positive
    share: Share
    severity: Gravity
    novelty: Novelty
    alerts: Alerts
    trend: Trend

    @property
    def looks_back(self) -> timedelta:
        """How long before the time that is scored anything can matter."""
        return self.reach + timedelta(
            days=self.novelty.unseen_days, hours=self.novelty.recent_hours
        )

    @property
    def reach(self) -> timedelta:
        return timedelta(days=self.reach_days)


def parse(text: str) -> Weights:
    """The weights in a TOML file. Raises RuleError."""
    try:
        weights = msgspec.convert(tomllib.loads(text), Weights)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise RuleError(f"risk weights: {error}") from error
    sections = (weights.share, weights.severity, weights.novelty, weights.alerts, weights.trend)
    total = sum(section.points for section in sections)
    if total != _ALL_POINTS:
        raise RuleError(f"risk weights: the points make {total:g}, not {_ALL_POINTS}")
    unknown = [name for name in SEVERITIES if name not in weights.alerts.severity]
    if unknown:
        raise RuleError(f"risk weights: alerts.severity says nothing of {unknown[0]}")
    if weights.trend.fast_hours >= weights.trend.slow_hours:
        raise RuleError("risk weights: trend.fast_hours is not shorter than slow_hours")
    return weights


@cache
def weights() -> Weights:
    """The shipped weights."""
    return parse(resources.files("pipeline.alerts").joinpath("risk.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Story:
    """One story about the issuer."""

    at: datetime
    topic: str
    negative: bool
    # How surely it is negative times how much it is about the issuer, 0 to 1.
    weight: float


@dataclass(frozen=True)
class Step:
    """What happened to an alert on the issuer: when it was found, raised, ended."""

    alert_id: object
    at: datetime
    # Whether it was open from then on.
    is_open: bool
    # Its severity from then on; None: as it was.
    severity: str | None = None


@dataclass(frozen=True)
class Driver:
    """One of the five, with what it rests on."""

    name: DriverName
    # 0 to 1.
    level: float
    points: float
    # In words of the catalogue's entry risk.<name>.
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Risk:
    """A score with its drivers, those that count most first."""

    score: float
    drivers: Sequence[Driver]


class History:
    """What is known of one issuer, to be scored at any time."""

    def __init__(self, stories: Iterable[Story], steps: Iterable[Step], by: Weights) -> None:
        told = sorted(stories, key=lambda story: story.at)
        self._by = by
        self._topics = [story.topic for story in told]
        self._hours = np.array([(story.at - _ORIGIN) / _HOUR for story in told], np.float64)
        self._negative = np.array([story.negative for story in told], np.bool_)
        weight = np.array([story.weight for story in told], np.float64)
        of = [by.severity.topics.get(topic, by.severity.gravity) for topic in self._topics]
        self._gravity = np.where(self._negative, weight * np.array(of, np.float64), 0.0)
        self._novel = _novel(told, by.novelty)
        by_alert = sorted(steps, key=lambda step: (str(step.alert_id), step.at))
        self._alerts = [list(s) for _, s in groupby(by_alert, key=lambda step: step.alert_id)]

    def at(self, at: datetime) -> Risk:
        """The score as of a time, from what happened before it alone."""
        by = self._by
        ages = (at - _ORIGIN) / _HOUR - self._hours
        past = (ages > 0) & (ages <= by.reach / _HOUR)
        ages = np.maximum(ages, 0)
        fading = np.where(past, 0.5 ** (ages / by.half_life_hours), 0.0)
        found = (
            self._share(fading, past),
            self._severity(fading),
            self._novelty(fading),
            self._open_alert(at),
            self._trend(ages, past),
        )
        ranked = sorted(found, key=lambda driver: -driver.points)
        return Risk(sum(driver.points for driver in ranked), ranked)

    def _share(self, fading: Numbers, past: Flags) -> Driver:
        by = self._by.share
        level = fading[self._negative].sum() / (fading.sum() + by.assumed_neutral)
        facts = {"n": int(past.sum()), "negative": int((past & self._negative).sum())}
        return _driver("share", level, by, facts | {"days": round(self._by.reach_days)})

    def _severity(self, fading: Numbers) -> Driver:
        by, grave = self._by.severity, fading * self._gravity
        heaviest = self._topics[int(grave.argmax())] if grave.any() else None
        return _driver("severity", _saturated(grave.sum(), by.half_at), by, {"topic": heaviest})

    def _novelty(self, fading: Numbers) -> Driver:
        by, grave = self._by.novelty, fading * self._gravity * self._novel
        topics = sorted({self._topics[place] for place in np.flatnonzero(grave)})
        facts = {"topics": topics, "days": round(by.unseen_days)}
        return _driver("novelty", _saturated(grave.sum(), by.half_at), by, facts)

    def _open_alert(self, at: datetime) -> Driver:
        by = self._by.alerts
        found = [severity for steps in self._alerts if (severity := _severity_at(steps, at))]
        worst = max(found, key=lambda name: by.severity.get(name, 0.0), default=None)
        level = by.severity.get(worst, 0.0) if worst else 0.0
        return _driver("alerts", level, by, {"severity": worst})

    def _trend(self, ages: Numbers, past: Flags) -> Driver:
        by = self._by.trend
        reach = self._by.reach / _HOUR
        fast, slow = (
            # Divided by what a steady gravity of 1 a day would add up to.
            float((0.5 ** (ages / hours) * self._gravity * past).sum())
            * (24 * log(2) / hours)
            / (1 - 0.5 ** (reach / hours))
            for hours in (by.fast_hours, by.slow_hours)
        )
        level = max(0.0, (fast - slow) / (fast + slow + by.assumed_a_day))
        return _driver("trend", level, by, {"fast": round(fast, 1), "slow": round(slow, 1)})


def hour_of(at: datetime) -> datetime:
    """The beginning of the hour in UTC that holds `at`."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _driver(name: DriverName, level: float, by: _Section, facts: Mapping[str, Any]) -> Driver:
    return Driver(name, float(level), float(level) * by.points, facts)


def _saturated(value: float, half_at: float) -> float:
    """From 0 towards 1, which it never reaches; a half at `half_at`."""
    return 1 - 2 ** (-value / half_at)


def _novel(told: Sequence[Story], by: Novelty) -> Flags:
    """Of stories in order of time, whether nothing negative of their topic was told before."""
    seen: dict[str, list[datetime]] = {}
    recent, unseen = timedelta(hours=by.recent_hours), timedelta(days=by.unseen_days)
    found = []
    for story in told:
        before = seen.setdefault(story.topic, [])
        oldest = bisect_left(before, story.at - unseen)
        found.append(oldest == bisect_left(before, story.at - recent))
        if story.negative:
            before.append(story.at)
    return np.array(found, np.bool_)


def _severity_at(steps: Sequence[Step], at: datetime) -> str | None:
    """The severity of an alert at a time; None where it was not open."""
    is_open, severity = False, None
    for step in steps:
        if step.at <= at:
            is_open, severity = step.is_open, step.severity or severity
    return severity if is_open else None
