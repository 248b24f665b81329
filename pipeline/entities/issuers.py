"""Issuers and their securities, and which entries of several lists are one issuer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Literal

Kind = Literal["issuer", "institution"]


@dataclass(frozen=True)
class Security:
    """A code under which an issuer is traded: see `codes.normal`."""

    code: str
    # None: since ever, until further notice.
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Issuer:
    """A company or institution, however many securities it has."""

    entity_id: str
    # An institution (regulator, exchange) is linked but never the subject of an alert.
    kind: Kind
    name_en: str
    name_zh: str
    # The main one first; none where it is unlisted.
    securities: tuple[Security, ...] = ()
    sector: str = ""
    # entity_id of the issuer it belongs to; empty where none is known.
    parent: str = ""
    # Further spellings; the names themselves are aliases too.
    aliases_en: tuple[str, ...] = ()
    aliases_zh: tuple[str, ...] = ()
    # Spellings that mean it only where what stands around them says so.
    short_names: tuple[str, ...] = ()

    def aliases(self) -> dict[tuple[str, str], None]:
        """Every (language, spelling) that means this issuer, each once."""
        english, chinese = (self.name_en, *self.aliases_en), (self.name_zh, *self.aliases_zh)
        return dict.fromkeys(
            [("en", alias) for alias in english if alias]
            + [("zh", alias) for alias in chinese if alias]
        )


@dataclass(frozen=True)
class Entry:
    """An issuer as one list has it."""

    issuer: Issuer
    # What it shares with entries of other lists that mean the same issuer, beside its codes.
    keys: frozenset[str] = frozenset()


def united(entries: Sequence[Entry]) -> list[Issuer]:
    """The issuers of all lists, in order: entries that share a code or a key are one.

    Of one issuer's entries the first gives id, names, sector and parent where it has them.
    """
    groups = _Groups(len(entries))
    first: dict[str, int] = {}
    for number, entry in enumerate(entries):
        codes = (one.code for one in entry.issuer.securities)
        for key in chain([f"id:{entry.issuer.entity_id}"], entry.keys, codes):
            groups.join(first.setdefault(key, number), number)
    members: dict[int, list[Issuer]] = {}
    for number, entry in enumerate(entries):
        members.setdefault(groups.of(number), []).append(entry.issuer)
    # What a list calls an issuer that is another list's by now.
    now = {issuer.entity_id: same[0].entity_id for same in members.values() for issuer in same}
    found = [_one(same) for same in members.values()]
    return [replace(one, parent=now.get(one.parent, one.parent)) for one in found]


def _one(same: Sequence[Issuer]) -> Issuer:
    """The issuer that several entries are."""
    first = same[0]
    if len(same) == 1:
        return first
    securities = {one.code: one for issuer in reversed(same) for one in issuer.securities}
    ordered = dict.fromkeys(one.code for issuer in same for one in issuer.securities)
    english = [alias for issuer in same for lang, alias in issuer.aliases() if lang == "en"]
    chinese = [alias for issuer in same for lang, alias in issuer.aliases() if lang == "zh"]
    return replace(
        first,
        name_en=_name([issuer.name_en for issuer in same]),
        name_zh=_name([issuer.name_zh for issuer in same]),
        securities=tuple(securities[code] for code in ordered),
        sector=next((issuer.sector for issuer in same if issuer.sector), ""),
        parent=next((issuer.parent for issuer in same if issuer.parent), ""),
        aliases_en=tuple(dict.fromkeys(english)),
        aliases_zh=tuple(dict.fromkeys(chinese)),
        short_names=tuple(dict.fromkeys(x for issuer in same for x in issuer.short_names)),
    )


def _name(names: Sequence[str]) -> str:
    """The first name there is; one in capitals is an exchange's abbreviation, and comes last."""
    there = [name for name in names if name]
    return next((name for name in there if not name.isupper()), next(iter(there), ""))


class _Groups:
    """Numbers that belong together (union-find)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, number: int) -> int:
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number

    def join(self, first: int, second: int) -> None:
        low, high = sorted((self.of(first), self.of(second)))
        self._above[high] = low
