"""Which issuers a text names: longest exact alias, in both languages."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import ahocorasick

from pipeline.errors import OperatorError

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


class IssuerListError(OperatorError, ValueError):
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
    """The issuers of all lists; a code or an id may be there once.

    Raises IssuerListError for a wrong encoding, column, row or a doubled one.
    """
    found: dict[str, Issuer] = {}
    codes: set[str] = set()
    for path in paths:
        for where, row in _rows(path):
            issuer = _issuer(row, where)
            if issuer.entity_id in found or issuer.code in codes:
                raise IssuerListError(f"{where}: {issuer.entity_id} or its code is twice")
            found[issuer.entity_id] = issuer
            codes |= {issuer.code} - {""}
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """File and line number, and the row there. A spreadsheet's byte order mark is no text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise IssuerListError(f"{path}:1: the first line must be {','.join(COLUMNS)}")
            for row in reader:
                yield f"{path}:{reader.line_num}", row
    except UnicodeDecodeError as error:
        raise IssuerListError(f"{path}: is not UTF-8; save it as UTF-8") from error


def _issuer(row: dict[str, str], where: str) -> Issuer:
    if len(row) != len(COLUMNS) or None in row.values():
        raise IssuerListError(f"{where}: needs exactly {len(COLUMNS)} columns")
    if not row["entity_id"] or not (row["name_en"] or row["name_zh"]):
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
            # A spelling that two issuers share links neither, nor a shorter one within it.
            owner = next(iter(entities)) if len(entities) == 1 else None
            self._automaton.add_word(alias, (len(alias), owner))
        if len(self._automaton):
            self._automaton.make_automaton()

    def link(self, title: str, body: str) -> list[Mention]:
        """The entities of a text, most relevant first, then in order of appearance."""
        if not len(self._automaton):
            return []
        text = f"{title}\n{body}"
        spans: dict[str, list[tuple[int, int]]] = {}
        for start, end, entity_id in self._found(text):
            if entity_id is not None:
                spans.setdefault(entity_id, []).append((start, end))
        mentions = [
            Mention(entity_id, _relevance(places[0][0], len(title)), tuple(places))
            for entity_id, places in spans.items()
        ]
        return sorted(mentions, key=lambda mention: (-mention.relevance, mention.spans[0]))

    def _found(self, text: str) -> Iterator[tuple[int, int, str | None]]:
        """The whole aliases from left to right, of those that overlap the longest."""
        hits = [
            (last + 1 - length, last + 1, entity_id)
            for last, (length, entity_id) in self._automaton.iter(text)
            if _whole(text, last + 1 - length, last + 1)
        ]
        reached = 0
        for start, end, entity_id in sorted(hits, key=lambda hit: (hit[0], -hit[1])):
            if start >= reached:
                reached = end
                yield start, end, entity_id


def _whole(text: str, start: int, end: int) -> bool:
    """A Latin alias must not be part of a longer word; Chinese has no word boundaries."""
    before = start > 0 and _WORD.match(text[start]) and _WORD.match(text[start - 1])
    after = end < len(text) and _WORD.match(text[end - 1]) and _WORD.match(text[end])
    return not before and not after


def _relevance(first: int, title_length: int) -> float:
    if first < title_length:
        return _HEADLINE
    return _LEAD if first - title_length <= _LEAD_CHARACTERS else _PASSING
