"""Which issuers a text names: longest exact alias, in both languages."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import ahocorasick

COLUMNS: Final = (
    "entity_id",
    "kind",
    "name_en",
    "name_zh",
    "code",
    "sector",
    "aliases_en",
    "aliases_zh",
)

# How much a place says: a headline is about its names, a passing mention is not.
_HEADLINE, _LEAD, _PASSING = 1.0, 0.4, 0.2
# Characters of the body that count as its lead.
_LEAD_CHARACTERS: Final = 200

_WORD: Final = re.compile(r"[0-9A-Za-z]")


class IssuerListError(ValueError):
    """An issuer list is not as it must be; the message names file, line and what is wrong."""


@dataclass(frozen=True)
class Issuer:
    """One row of an issuer list."""

    entity_id: str
    # An institution (regulator, exchange) is linked but never the subject of an alert.
    kind: Literal["issuer", "institution"]
    name_en: str
    name_zh: str
    # Security code such as 600519.SH, empty where unlisted.
    code: str
    sector: str
    # Further spellings; the names themselves are aliases too.
    aliases_en: tuple[str, ...]
    aliases_zh: tuple[str, ...]

    def aliases(self) -> Iterable[tuple[str, str]]:
        """Every (language, spelling) that means this issuer, each once."""
        english = (self.name_en, *self.aliases_en, self.code)
        chinese = (self.name_zh, *self.aliases_zh)
        return dict.fromkeys(
            [("en", alias) for alias in english if alias]
            + [("zh", alias) for alias in chinese if alias]
        )


@dataclass(frozen=True)
class Mention:
    """One entity of one text."""

    entity_id: str
    # 0 to 1: headline 1, lead 0.4, passing 0.2; the highest of all its places.
    relevance: float
    # Character offsets [start, end) into title + "\n" + body.
    spans: tuple[tuple[int, int], ...]


def read_issuers(paths: Sequence[Path]) -> list[Issuer]:
    """The issuers of all lists. Raises IssuerListError for a wrong column, row or doubled id."""
    found: dict[str, Issuer] = {}
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise IssuerListError(f"{path}: the first line must be {','.join(COLUMNS)}")
            for row in reader:
                issuer = _issuer(row, f"{path}:{reader.line_num}")
                if issuer.entity_id in found:
                    raise IssuerListError(f"{path}:{reader.line_num}: {issuer.entity_id} is twice")
                found[issuer.entity_id] = issuer
    return list(found.values())


def _issuer(row: dict[str, str], where: str) -> Issuer:
    if None in row.values() or not row["entity_id"] or not (row["name_en"] or row["name_zh"]):
        raise IssuerListError(f"{where}: needs an entity_id and a name in one language at least")
    if row["kind"] not in {"issuer", "institution"}:
        raise IssuerListError(f"{where}: kind is {row['kind']!r}; write issuer or institution")
    return Issuer(
        entity_id=row["entity_id"],
        kind=cast(Literal["issuer", "institution"], row["kind"]),
        name_en=row["name_en"] or row["name_zh"],
        name_zh=row["name_zh"] or row["name_en"],
        code=row["code"],
        sector=row["sector"],
        aliases_en=tuple(filter(None, row["aliases_en"].split("|"))),
        aliases_zh=tuple(filter(None, row["aliases_zh"].split("|"))),
    )


class Linker:
    """A compiled issuer list."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._automaton = ahocorasick.Automaton()
        owners: dict[str, set[str]] = {}
        for issuer in issuers:
            for _, alias in issuer.aliases():
                owners.setdefault(alias, set()).add(issuer.entity_id)
        for alias, entities in owners.items():
            # A spelling that two issuers share links neither: nothing is guessed.
            if len(entities) == 1:
                self._automaton.add_word(alias, (len(alias), next(iter(entities))))
        if len(self._automaton):
            self._automaton.make_automaton()

    def link(self, title: str, body: str) -> list[Mention]:
        """The entities of a text, most relevant first, then in order of appearance."""
        if not len(self._automaton):
            return []
        text = f"{title}\n{body}"
        spans: dict[str, list[tuple[int, int]]] = {}
        for last, (length, entity_id) in self._automaton.iter_long(text):
            start, end = last + 1 - length, last + 1
            if _whole(text, start, end):
                spans.setdefault(entity_id, []).append((start, end))
        mentions = [
            Mention(entity_id, _relevance(places[0][0], len(title)), tuple(places))
            for entity_id, places in spans.items()
        ]
        return sorted(mentions, key=lambda mention: (-mention.relevance, mention.spans[0]))


def _whole(text: str, start: int, end: int) -> bool:
    """A Latin alias must not be part of a longer word; Chinese has no word boundaries."""
    before = start > 0 and _WORD.match(text[start]) and _WORD.match(text[start - 1])
    after = end < len(text) and _WORD.match(text[end - 1]) and _WORD.match(text[end])
    return not before and not after


def _relevance(first: int, title_length: int) -> float:
    if first < title_length:
        return _HEADLINE
    return _LEAD if first - title_length <= _LEAD_CHARACTERS else _PASSING
