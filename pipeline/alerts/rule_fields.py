"""A rule's fields, found from its type: what a form asks for and how an answer is read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_type_hints

import msgspec
from msgspec import inspect

from models.labels import TOPICS
from pipeline.alerts import rulebook
from pipeline.alerts.rules import RuleError, SurgeRule

Kind = Literal["whole", "number", "choice", "choices", "list", "yes"]

_LISTS: Final = (inspect.FrozenSetType, inspect.SetType, inspect.VarTupleType, inspect.ListType)
_SEPARATORS: Final = re.compile(r"[\s,;，、；]+")


@dataclass(frozen=True)
class Field:
    """One value of a rule that is no table."""

    # Where it stands in the body: severity.0.stories.
    path: str
    kind: Kind
    value: Any
    # Python's type of it, with its bounds.
    hint: Any
    low: float | None = None
    high: float | None = None
    # A whole number is a multiple of it.
    step: int | None = None
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its words are found by: severity_stories."""
        return re.sub(r"\.\d+\.|\.", "_", self.path)

    @property
    def text(self) -> str:
        """Its value as it is typed."""
        if self.kind in {"choices", "list"}:
            return " ".join(map(str, self.chosen))
        return str(self.value)

    @property
    def chosen(self) -> list[Any]:
        """The values of a list; names in order."""
        return list(self.value) if self.kind == "list" else sorted(map(str, self.value))


def fields(rule: SurgeRule) -> list[Field]:
    """Every field of a rule, in the order of its type."""
    return list(_fields("", rule))


def read(
    asked: Sequence[Field], answers: Mapping[str, Sequence[str]]
) -> tuple[SurgeRule | None, dict[str, str]]:
    """The rule that the answers, by path, say; None and what is wrong with which, where some are.

    A reason under the empty path is about the whole.
    """
    body: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in asked:
        try:
            _put(body, field.path.split("."), _value(field, answers.get(field.path, ())))
        except msgspec.ValidationError as error:
            wrong[field.path] = str(error)
    if wrong:
        return None, wrong
    try:
        return rulebook.rule_of(_lists(body)), {}
    except RuleError as error:
        return None, {"": str(error)}


def _fields(path: str, table: msgspec.Struct) -> Iterator[Field]:
    hints = get_type_hints(type(table), include_extras=True)
    for name in table.__struct_fields__:
        value, at = getattr(table, name), f"{path}{name}"
        if isinstance(value, msgspec.Struct):
            yield from _fields(f"{at}.", value)
        elif isinstance(value, tuple) and any(isinstance(one, msgspec.Struct) for one in value):
            for number, one in enumerate(value):
                yield from _fields(f"{at}.{number}.", one)
        else:
            yield _field(at, value, hints[name])


def _field(path: str, value: Any, hint: Any) -> Field:
    known = inspect.type_info(hint)
    if isinstance(known, inspect.IntType):
        return Field(path, "whole", value, hint, known.ge, known.le, known.multiple_of)
    if isinstance(known, inspect.FloatType):
        low = known.ge if known.gt is None else known.gt
        high = known.le if known.lt is None else known.lt
        return Field(path, "number", value, hint, low, high)
    if isinstance(known, inspect.LiteralType):
        return Field(path, "choice", value, hint, options=tuple(map(str, known.values)))
    if isinstance(known, inspect.BoolType):
        return Field(path, "yes", value, hint, options=("True", "False"))
    if isinstance(known, _LISTS):
        item = known.item_type
        if isinstance(item, inspect.LiteralType):
            return Field(path, "choices", value, hint, options=tuple(map(str, item.values)))
        if path.endswith("topics"):
            return Field(path, "choices", value, hint, options=TOPICS)
        if isinstance(item, inspect.IntType):
            return Field(path, "list", value, hint, item.ge, item.le, item.multiple_of)
        return Field(path, "list", value, hint)
    raise TypeError(f"{path}: no form field is made for {hint}")


def _value(field: Field, answers: Sequence[str]) -> Any:
    """Raises msgspec.ValidationError."""
    if field.kind == "choices":
        if strange := set(answers) - set(field.options):
            raise msgspec.ValidationError(f"unknown: {', '.join(sorted(strange))}")
        return msgspec.convert(sorted(answers), field.hint)
    typed = answers[0].strip() if answers else ""
    if field.kind == "list":
        parts = [one for one in _SEPARATORS.split(typed) if one]
        return msgspec.convert(parts, field.hint, strict=False)
    return msgspec.convert(typed, field.hint, strict=False)


def _put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value in; a number in the path names one of a list, kept as a table until the end."""
    for part in path[:-1]:
        body = body.setdefault(part, {})
    body[path[-1]] = value


def _lists(body: Any) -> Any:
    """Tables whose keys are numbers, as the lists they stand for."""
    if not isinstance(body, dict):
        return body
    inner = {name: _lists(value) for name, value in body.items()}
    return list(inner.values()) if inner and all(n.isdecimal() for n in inner) else inner
