"""The rule as a file that people edit, and its versions in the database, which are the truth."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from pipeline.alerts.record import RULE_ID
from pipeline.alerts.rules import RuleError, SurgeRule, parse
from pipeline.alerts.toml import dump
from pipeline.store import rulebook as store
from pipeline.store.connection import Connection, transaction
from pipeline.store.rulebook import Version

# Who made the versions that nobody edited.
_SHIPPED_BY: Final = "tocsin"


class NotChanged(RuleError):
    """A version was not added; the message says why."""


@dataclass(frozen=True)
class File:
    """A rules file."""

    # The version it was exported from; None: it does not say.
    version: int | None
    rule: SurgeRule


def load(text: str) -> File:
    """The rule in a TOML file such as rules.toml or an exported one. Raises RuleError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"this is no TOML: {error}") from None
    version = tables.pop("version", None)
    if not isinstance(version, int | None):
        raise RuleError("version: write the number of the version that the file was exported from")
    if tables.keys() != {RULE_ID}:
        found = ", ".join(tables) or "nothing"
        raise RuleError(f"a rules file has one table, [{RULE_ID}]; this one has {found}")
    return File(version, rule_of(tables[RULE_ID]))


def export(version: Version) -> str:
    """A file that can be edited and imported again."""
    body = body_of(rule_of(version.body))
    return f"# The version that this was edited from.\nversion = {version.version}\n\n" + dump(
        {RULE_ID: body}
    )


def rule_of(body: Any) -> SurgeRule:
    """The rule in a body. Raises RuleError."""
    return parse(RULE_ID, body)


def body_of(rule: SurgeRule) -> dict[str, Any]:
    """What is kept of a rule, in the order of its fields."""
    body: dict[str, Any] = msgspec.to_builtins(rule, order="deterministic")
    return {name: body[name] for name in rule.__struct_fields__}


def in_force(link: Connection) -> Version:
    """The version alerts are judged by. Raises NotChanged where no alerts run made one yet."""
    with transaction(link) as cursor:
        found = store.in_force(cursor, RULE_ID)
    if found is None:
        raise NotChanged("There is no rule yet: the first alerts run imports the shipped one.")
    return found


def change(
    link: Connection, rule: SurgeRule, based_on: int | None, who: str, why: str, force: bool = False
) -> int:
    """Put the rule in force as a new version; its number. It never takes the place of an edit.

    `based_on` is the version that was edited; None: it is not known, and then only a rule that
    nobody edited gives way. With `force` any does. Raises NotChanged, StoreUnavailable.
    """
    now = in_force(link)
    if rule_of(now.body) == rule:
        raise NotChanged(f"Version {now.version} says the same; nothing was changed.")
    known = now.version if based_on is None and now.actor == _SHIPPED_BY else based_on
    if not force and known != now.version:
        source = "an unknown one" if based_on is None else f"version {based_on}"
        raise NotChanged(
            f"Version {now.version} by {now.actor} is in force, and this was made from {source}; "
            "nothing was changed."
        )
    added = store.put(link, RULE_ID, now.version, body_of(rule), who, why)
    if added is None:
        raise NotChanged("Somebody else changed the rule just now; nothing was changed.")
    return added


def steps(versions: Sequence[Version]) -> list[tuple[Version, list[tuple[str, str, str]]]]:
    """Versions, the newest first, each with what it changed; the oldest of all nothing."""
    before = [one.body for one in versions[1:]]
    return [
        (one, differences(before[number], one.body) if number < len(before) else [])
        for number, one in enumerate(versions)
    ]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each field whose value differs, by its path, with both values; empty where one has none."""
    old, new = dict(_leaves("", before)), dict(_leaves("", after))
    paths = [*old, *(path for path in new if path not in old)]
    return [
        (path, old.get(path, ""), new.get(path, ""))
        for path in paths
        if old.get(path) != new.get(path)
    ]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every value that is no table, written as one line."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, inner in enumerate(value):
            yield from _leaves(f"{path}.{number}", inner)
    elif isinstance(value, list):
        yield path, " ".join(sorted(map(str, value)) if _is_set(value) else map(str, value))
    else:
        yield path, str(value)


def _is_set(value: list[Any]) -> bool:
    """Lists of names are sets, which older bodies hold in any order."""
    return all(isinstance(one, str) for one in value)
