"""A rule in words."""

from collections.abc import Iterable
from datetime import timedelta

from pipeline.alerts.rule_fields import Field
from pipeline.alerts.rules import SurgeRule
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words

_MINUTE = timedelta(minutes=1)


def sentences(rule: SurgeRule, words: Words, clock: Clock) -> list[str]:
    """What the rule says of surges, the most telling first."""
    windows = words.join([clock.window(window // _MINUTE) for window in rule.windows])
    cold = rule.cold_start
    return [
        words(
            "rule.rings",
            stories=rule.min_stories,
            publishers=rule.min_publishers,
            windows=windows,
            once=_once(rule.alpha),
            within=_once(rule.alpha_within),
        ),
        words("rule.counts", p=_share(rule.p_negative), relevance=_share(rule.relevance)),
        words("rule.usual", days=rule.baseline_days, back=rule.look_back_days),
        words(
            "rule.cold",
            stories=cold.stories,
            publishers=cold.publishers,
            window=clock.window(cold.window_minutes),
        ),
        words(
            "rule.ends",
            window=clock.window(rule.cool_down_minutes),
            stories=rule.clear_stories,
            once=_once(rule.clear_alpha),
        ),
        *(
            words(
                "rule.level",
                severity=words(f"severity.{level.name}"),
                stories=level.stories,
                once=_once(level.p_value),
            )
            for level in rule.severity
        ),
        words("rule.lowest", severity=words(f"severity.{rule.otherwise}")),
        *_beside(rule, words),
    ]


def _beside(rule: SurgeRule, words: Words) -> list[str]:
    """The conditions beside surges that are switched on."""
    severe, slow = rule.severe, rule.slow_burn

    def names(section: str, some: Iterable[str]) -> str:
        return words.join([words.known(section, name).lower() for name in sorted(some)])

    found = []
    if severe.triggers:
        said = words(
            "rule.severe",
            tiers=names("tier", severe.tiers),
            triggers=names("trigger", severe.triggers),
            topics=names("topic", severe.topics),
            p=_share(severe.p_negative),
            severity=words(f"severity.{severe.severity}"),
        )
        found.append(said)
    if slow.enabled:
        said = words(
            "rule.slow_burn",
            days=slow.days,
            decision=f"{slow.decision:g}",
            stories=slow.min_stories,
            publishers=slow.min_publishers,
            severity=words(f"severity.{slow.severity}"),
        )
        found.append(said)
    return found


def label(field: Field, words: Words) -> str:
    """What a field is called; its name in the file where the catalogue has no words for it."""
    named = words.known("rule_field", field.name)
    return field.path if named == field.name else named


def option(name: str, words: Words) -> str:
    """What one of a field's choices is called."""
    if name in {"True", "False"}:
        return words("rule.yes" if name == "True" else "rule.no")
    for section in ("topic", "severity", "tier", "trigger"):
        said = words.known(section, name)
        if said != name:
            return said
    return name


def expects(field: Field, words: Words) -> str:
    """What a field takes, in words; empty where one chooses."""
    bounds = {"low": _bound(field.low), "high": _bound(field.high)}
    if field.kind == "number":
        return words("rule.takes_number", **bounds)
    if field.kind == "list" and field.step:
        return words("rule.takes_steps", **bounds, step=field.step)
    if field.kind == "list":
        return words("rule.takes_list")
    if field.kind == "whole" and field.step:
        return words("rule.takes_step", **bounds, step=field.step)
    if field.kind == "whole" and field.high is not None:
        return words("rule.takes_whole", **bounds)
    return words("rule.takes_least", low=bounds["low"]) if field.kind == "whole" else ""


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _once(p: float) -> str:
    """A probability as one in so many: `1 in 2,000`."""
    return f"1 / {round(1 / p):,}"


def _share(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")
