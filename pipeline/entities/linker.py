"""Which issuers a text names, and where: the longest names and the codes, told from mere words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import ahocorasick

from pipeline.entities.codes import spelled
from pipeline.entities.context import Surroundings
from pipeline.entities.furniture import furniture
from pipeline.entities.issuers import Issuer
from pipeline.entities.words import WORDS, everyday
from pipeline.folding import fold, half_width

# How much a place says: a headline is about its names, a passing mention is not.
_HEADLINE, _LEAD, _PASSING = 1.0, 0.4, 0.2
# Characters of the body that count as its lead.
_LEAD_CHARACTERS: Final = 200

# Between a name and its code, as in 机器人(300024), there is a bracket and perhaps a blank.
_BESIDE: Final = 2


# What names are listed with: where one is a company, its neighbours are.
_LISTED: Final = re.compile(r"[”\"]?\s*(?:[、,，/]|and|or|&|和|与|及|以及|, and)\s*[“\"]?")
# The first of several words of a Latin name, and what names begin with that says nothing.
_FIRST_WORD: Final = re.compile(r"([A-Z][a-z]{3,})[ ,.&-]+\w")
_COMMON: Final = frozenset(name.capitalize() for name in WORDS.no_names) | {
    "Bank",
    "Capital",
    "Central",
    "Federal",
    "Great",
    "Hong",
    "North",
    "Royal",
    "South",
    "State",
    "West",
}
# Where the first sentence of a text ends.
_FIRST_SENTENCE: Final = re.compile(r"[。！？!?]|\.(?=\s+[A-Z\"“])")


def headline_of(text: str) -> int:
    """How many characters of a text are its headline: its first line, else its first sentence."""
    begin = len(text) - len(text.lstrip())
    end = text.find("\n", begin)
    if end >= 0:
        return end
    found = _FIRST_SENTENCE.search(text)
    return found.end() if found else len(text)


@dataclass(frozen=True)
class Place:
    """One mention in a text."""

    entity_id: str
    # Character offsets [start, end).
    start: int
    end: int
    # 0 to 1: headline 1, lead 0.4, passing 0.2.
    relevance: float


@dataclass(frozen=True)
class Mention:
    """One entity of one text, with all its places."""

    entity_id: str
    # The highest of all its places.
    relevance: float
    # Character offsets [start, end) into title + "\\n" + body.
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Hit:
    start: int
    end: int
    # Who is meant, if anybody.
    owners: frozenset[str]
    # Whether the place itself says so; else the rest of the text must.
    certain: bool


class Linker:
    """A compiled issuer list."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._automaton = ahocorasick.Automaton()
        self._codes: dict[str, str] = {}
        words = frozenset(map(fold, everyday()))
        owners: dict[str, set[str]] = {}
        short: dict[str, set[str]] = {}
        written: dict[str, set[str]] = {}
        for issuer in issuers:
            for security in issuer.securities:
                self._codes.setdefault(security.code, issuer.entity_id)
            for _, alias in issuer.aliases():
                key = fold(alias).strip()
                if len(key) > 1:
                    owners.setdefault(key, set()).add(issuer.entity_id)
                    written.setdefault(key, set()).add(alias)
            for alias in issuer.short_names:
                short.setdefault(fold(alias), set()).add(issuer.entity_id)
                written.setdefault(fold(alias), set()).add(alias)
        for key, entities in short.items():
            # A word that begins the names of several companies means none of them.
            if key not in owners and len(entities) == 1:
                owners[key], words = entities, words | {key}
        for key, entities in owners.items():
            known = _Alias(frozenset(entities), key in words, frozenset(written[key]))
            self._automaton.add_word(key, (len(key), known))
        if len(self._automaton):
            self._automaton.make_automaton()

    def link(self, title: str, body: str) -> list[Mention]:
        """The entities of an article, most relevant first, then in order of appearance."""
        found: dict[str, list[Place]] = {}
        for place in self.places(f"{title}\n{body}", len(title)):
            found.setdefault(place.entity_id, []).append(place)
        mentions = [
            Mention(
                entity_id,
                max(place.relevance for place in places),
                tuple((place.start, place.end) for place in places),
            )
            for entity_id, places in found.items()
        ]
        return sorted(mentions, key=lambda mention: (-mention.relevance, mention.spans[0]))

    def places(self, text: str, headline: int) -> list[Place]:
        """Every mention in a text, in order; its first `headline` characters are its headline."""
        seen = Surroundings(text)
        seen.take(furniture(text))
        hits = _longest(sorted(self._hits(seen), key=lambda hit: (hit.start, -hit.end)))
        hits = _again(seen, _neighbours(text, hits))
        sure = {next(iter(hit.owners)) for hit in hits if hit.certain and len(hit.owners) == 1}
        meant = [(hit, _meant(hit, sure)) for hit in hits]
        return [
            Place(who, hit.start, hit.end, _relevance(hit.start, headline))
            for hit, who in meant
            if who is not None
        ]

    def _hits(self, seen: Surroundings) -> Iterator[_Hit]:
        # By where a name ends, who it may be.
        named: dict[int, frozenset[str]] = {}
        for hit in self._names(seen):
            named[hit.end] = named.get(hit.end, frozenset()) | hit.owners
            yield hit
        for code in spelled(half_width(seen.text)):
            known = frozenset(self._codes[one] for one in code.codes if one in self._codes)
            if known and seen.free(code.start, code.end):
                ends = range(code.start - _BESIDE, code.start + 1)
                beside = any(known & named.get(end, frozenset()) for end in ends)
                yield _Hit(code.start, code.end, known, code.certain or beside)

    def _names(self, seen: Surroundings) -> Iterator[_Hit]:
        if not len(self._automaton):
            return
        for last, (length, alias) in self._automaton.iter(seen.folded):
            start, end = last + 1 - length, last + 1
            if not (
                seen.whole(start, end)
                and seen.free(start, end)
                and seen.written(start, end, alias.written)
            ):
                continue
            if not seen.another(start, end) and not (alias.everyday and seen.a_person(start)):
                certain = not alias.everyday or seen.a_company(start, end)
                yield _Hit(start, seen.with_form(end), alias.owners, certain)


@dataclass(frozen=True)
class _Alias:
    owners: frozenset[str]
    # Whether it is a word of everyday language too.
    everyday: bool
    # As the lists write it.
    written: frozenset[str]


def _longest(hits: Sequence[_Hit]) -> list[_Hit]:
    """From left to right, of those that overlap the longest; a name before a code."""
    found: list[_Hit] = []
    reached = 0
    for hit in hits:
        if hit.start >= reached:
            found.append(hit)
            reached = hit.end
        elif (hit.start, hit.end) == (found[-1].start, found[-1].end) and hit.certain:
            found[-1] = hit
    return found


def _again(seen: Surroundings, hits: Sequence[_Hit]) -> list[_Hit]:
    """With the first word of a long name where it stands alone: Hyatt Hotels, then Hyatt."""
    seen.take((hit.start, hit.end) for hit in hits)
    begun: dict[str, frozenset[str]] = {}
    for hit in hits:
        first = _FIRST_WORD.match(seen.text, hit.start, hit.end)
        if first and hit.certain and len(hit.owners) == 1 and first[1] not in _COMMON:
            begun.setdefault(first[1], hit.owners)
    more = [
        _Hit(found.start(), found.end(), owners, certain=True)
        for word, owners in begun.items()
        for found in re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", seen.text)
        if seen.free(*found.span()) and seen.alone(*found.span())
    ]
    return sorted([*hits, *more], key=lambda hit: hit.start)


def _neighbours(text: str, hits: Sequence[_Hit]) -> list[_Hit]:
    """What stands in one list with a company is one: 东方财富、同花顺和指南针早盘冲高."""
    found = list(hits)
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        for here in order:
            there = here - 1 if order.step > 0 else here + 1
            first, last = sorted((here, there))
            between = text[found[first].end : found[last].start]
            if found[there].certain and not found[here].certain and _LISTED.fullmatch(between):
                found[here] = replace(found[here], certain=True)
    return found


def _meant(hit: _Hit, sure: set[str]) -> str | None:
    """The issuer that a hit means; None where that is open."""
    if hit.certain and len(hit.owners) == 1:
        return next(iter(hit.owners))
    told = hit.owners & sure
    return next(iter(told)) if len(told) == 1 else None


def _relevance(start: int, headline: int) -> float:
    if start < headline:
        return _HEADLINE
    return _LEAD if start - headline <= _LEAD_CHARACTERS else _PASSING
