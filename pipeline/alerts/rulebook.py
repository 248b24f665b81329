"""The rule as a file that people edit."""

import tomllib
from typing import Any

from pipeline.alerts.record import RULE_ID
from pipeline.alerts.rules import RuleError, SurgeRule, parse


def load(text: str) -> dict[str, Any]:
    """The body of the rule in a TOML file such as rules.toml, checked. Raises RuleError."""
    try:
        bodies = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"this is no TOML: {error}") from None
    if bodies.keys() != {RULE_ID}:
        found = ", ".join(bodies) or "nothing"
        raise RuleError(f"a rules file has one table, [{RULE_ID}]; this one has {found}")
    body: dict[str, Any] = bodies[RULE_ID]
    parse(RULE_ID, body)
    return body


def rule_of(body: Any) -> SurgeRule:
    """The rule in a body. Raises RuleError."""
    return parse(RULE_ID, body)
