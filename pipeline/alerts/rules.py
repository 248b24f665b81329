"""What a rule says: the shipped ones in rules.toml, the valid ones in the database."""

import tomllib
from datetime import timedelta
from importlib import resources
from typing import Annotated, Any, Final, Literal

import msgspec

from pipeline.errors import OperatorError
from pipeline.messages import Tier

Severity = Literal["info", "low", "high", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "low", "high", "critical")

Probability = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Stories = Annotated[int, msgspec.Meta(ge=1)]
Minutes = Annotated[int, msgspec.Meta(ge=5, le=1440, multiple_of=5)]
Days = Annotated[int, msgspec.Meta(ge=1, le=366)]


class RuleError(OperatorError, ValueError):
    """A rule cannot be used; the message names the rule, the field and what is wrong with it."""


class ColdStart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fixed rule of a series that has too little history for a baseline."""

    stories: Stories
    publishers: Stories
    window_minutes: Minutes

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A severity, and what it takes: both at once."""

    name: Literal["low", "high", "critical"]
    stories: Stories
    p_value: Probability


class SevereRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a single story is enough. triggers.toml lists the words."""

    topics: frozenset[str]
    p_negative: Probability
    # Of publishers that are trusted.
    tiers: frozenset[Tier]
    # Kinds of events that ring; none: no single story does.
    triggers: frozenset[Literal["default", "insolvency", "fraud", "probe", "suspension"]]
    severity: Severity


class SlowBurnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When many days that are a little worse than usual are enough."""

    enabled: bool
    days: Annotated[int, msgspec.Meta(ge=2, le=21)]
    reference_days: Annotated[int, msgspec.Meta(ge=7, le=366)]
    allowance: Annotated[float, msgspec.Meta(gt=0, le=5)]
    decision: Annotated[float, msgspec.Meta(gt=0, le=100)]
    # The decision is over once the sum is below this share of it.
    clear: Probability
    cap: Annotated[float, msgspec.Meta(gt=0, le=10)]
    min_stories: Stories
    min_publishers: Stories
    severity: Severity


class SurgeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When negative stories surge. rules.toml says what each field means."""

    p_negative: Probability
    relevance: Annotated[float, msgspec.Meta(ge=0, le=1)]
    windows_minutes: Annotated[tuple[Minutes, ...], msgspec.Meta(min_length=1)]
    min_stories: Stories
    min_publishers: Stories
    alpha: Probability
    alpha_within: Probability
    clear_stories: Stories
    clear_alpha: Probability
    cool_down_minutes: Minutes
    baseline_days: Days
    look_back_days: Days
    unwatched_topics: frozenset[str]
    cold_start: ColdStart
    severity: tuple[Level, ...]
    otherwise: Literal["info", "low"] = "low"
    severe: SevereRule
    slow_burn: SlowBurnRule

    @property
    def windows(self) -> tuple[timedelta, ...]:
        """Shortest first."""
        return tuple(timedelta(minutes=minutes) for minutes in sorted(self.windows_minutes))

    @property
    def longest(self) -> timedelta:
        """How far before a window's end anything can still count."""
        return max(*self.windows, self.cold_start.window)

    @property
    def cool_down(self) -> timedelta:
        return timedelta(minutes=self.cool_down_minutes)

    @property
    def reach(self) -> timedelta:
        """How far before a window's end its baseline can begin."""
        return self.longest + timedelta(days=self.look_back_days)

    def severity_of(self, stories: int, p_value: float) -> Severity:
        """How bad a surging window is."""
        for level in self.severity:
            if stories >= level.stories and p_value <= level.p_value:
                return level.name
        return self.otherwise


def parse(rule_id: str, body: Any) -> SurgeRule:
    """The rule in `body`. Raises RuleError."""
    try:
        rule = msgspec.convert(body, SurgeRule)
    except msgspec.ValidationError as error:
        raise RuleError(f"rule {rule_id}: {error}") from error
    uneven = [m for m in (*rule.windows_minutes, rule.cold_start.window_minutes) if 1440 % m]
    if uneven:
        raise RuleError(f"rule {rule_id}: a window of {uneven[0]} minutes does not divide a day")
    if rule.look_back_days < rule.baseline_days:
        raise RuleError(f"rule {rule_id}: look_back_days must not be less than baseline_days")
    ranks = [SEVERITIES.index(level.name) for level in rule.severity]
    if ranks != sorted(set(ranks), reverse=True):
        raise RuleError(f"rule {rule_id}: severity: name each level once, the worst first")
    return rule


def shipped() -> dict[str, Any]:
    """The bodies in rules.toml by rule id, each checked."""
    text = resources.files("pipeline.alerts").joinpath("rules.toml").read_text(encoding="utf-8")
    bodies = tomllib.loads(text)
    for rule_id, body in bodies.items():
        parse(rule_id, body)
    return bodies
