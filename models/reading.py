"""From a text and the entities asked about to the token ids of the passes that read it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.mentions import Clauses, Spans
from models.segments import choose, largest_unit, sentence_spans
from models.text import Cleaned, Cleaner, Span

# Characters around a name in which its clause and its sentence are looked for, and how many
# sentences are read behind what the window can hold.
_AROUND: Final = 400
_MOST_FAR: Final = 16

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Where a pass has one of the entities asked about."""

    # Which of the text's entities, from 0.
    number: int
    # Positions in the pass of the tokens that name it, and of those in the clauses around; both
    # empty where nothing of the name was read.
    mention: tuple[int, ...]
    clause: tuple[int, ...]


@dataclass(frozen=True)
class Pass:
    """One trip of a text, or of parts of it, through the encoder."""

    # Index of the text.
    text: int
    # Whether this pass judges the text itself; further ones are there for their entities alone.
    first: bool
    ids: tuple[int, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Traced:
    """A pass, and where in the text its tokens stand."""

    read: Pass
    # For each id the characters [start, end) of the text behind it; None behind the prefix and
    # special tokens.
    spans: tuple[Span | None, ...]


@dataclass(frozen=True)
class Tokens:
    """A cleaned text as the tokenizer gave it, framed by the prefix and special tokens."""

    ids: list[int]
    # Characters [start, end) of the cleaned text behind each token; before 0 in the prefix.
    starts: Ints
    ends: Ints
    # Tokens of the frame, before and after the text's own.
    before: int
    after: int


@dataclass(frozen=True)
class Asked:
    """A text, the entities asked about, and the part of it that is tokenised."""

    text: str
    entities: Sequence[Spans]
    cleaned: Cleaned
    # Characters of the text's head, and where the parts begin that follow on it.
    head: int
    far: tuple[int, ...]

    @classmethod
    def of(cls, text: str, entities: Sequence[Spans], clean: Cleaner) -> "Asked":
        """Clean the head of `text`, and the sentences behind it that name an entity."""
        inside = [tuple(_inside(spans, len(text))) for spans in entities]
        parts, far = [clean.tracked(text)], []
        head = int(parts[0].until[-1]) if parts[0].text else len(text)
        for start, end in _far_sentences(text, inside, head):
            part = clean.tracked(text[start:end])
            here = np.array([start])
            parts += [
                Cleaned(" ", here, here),
                Cleaned(part.text, part.origin + start, part.until + start),
            ]
            far.append(start)
        return cls(text, inside, Cleaned.joined(parts), head, tuple(far))

    def sentences(self) -> list[int]:
        """Where in the text its sentences begin, as far as they are tokenised."""
        return [*(start for start, _ in sentence_spans(self.text[: self.head])), *self.far]


def passes(number: int, asked: Asked, tokens: Tokens, window: int) -> list[Pass]:
    """The passes over text `number`, the first one first. One where everything fits `window`."""
    return [one for one, _ in _laid(number, asked, tokens, window)]


def traced(asked: Asked, tokens: Tokens, window: int) -> list[Traced]:
    """The passes over one text, and where in it their tokens stand."""
    own = range(tokens.before, len(tokens.ids) - tokens.after)
    return [
        Traced(
            one,
            tuple(_raw(asked.cleaned, tokens, token) if token in own else None for token in kept),
        )
        for one, kept in _laid(0, asked, tokens, window)
    ]


def _laid(number: int, asked: Asked, tokens: Tokens, window: int) -> list[tuple[Pass, list[int]]]:
    """The passes, and which of the text's tokens each has."""
    mentions, clauses = _located(asked, tokens)
    found: list[tuple[Pass, list[int]]] = []
    placed: set[int] = set()
    for kept in _kept(asked, tokens, mentions, window):
        position = {token: at for at, token in enumerate(kept)}
        places = []
        for entity, token_rows in enumerate(mentions):
            named = tuple(position[token] for token in token_rows if token in position)
            if named and entity not in placed:
                around = tuple(position[token] for token in clauses[entity] if token in position)
                places.append(Place(entity, named, around))
        placed |= {place.number for place in places}
        if not found or places:
            ids = tuple(tokens.ids[token] for token in kept)
            found.append((Pass(number, not found, ids, tuple(places)), kept))
    lost = [Place(entity, (), ()) for entity in range(len(mentions)) if entity not in placed]
    (first, kept), *further = found
    return [(replace(first, places=(*first.places, *lost)), kept), *further]


def _raw(cleaned: Cleaned, tokens: Tokens, token: int) -> Span | None:
    # The first token may begin in the prefix.
    start, end = max(0, int(tokens.starts[token])), int(tokens.ends[token])
    return cleaned.raw(start, end) if start < end else None


def _inside(spans: Spans, length: int) -> Iterator[tuple[int, int]]:
    """The spans that lie in a text; whoever asks may have been wrong about it."""
    for start, end in spans:
        if 0 <= start < end <= length:
            yield start, end


def _far_sentences(text: str, entities: Sequence[Spans], reached: int) -> Iterator[tuple[int, int]]:
    """The sentences behind the first `reached` characters that name an entity, none twice."""
    far = sorted({span for spans in entities for span in spans if span[0] >= reached})
    for start, end in far[:_MOST_FAR]:
        if start < reached:
            continue
        base = max(reached, start - _AROUND)
        near = text[base : end + _AROUND]
        around = [
            (base + low, base + high)
            for low, high in sentence_spans(near)
            if low < end - base and high > start - base
        ]
        if around:
            reached = around[-1][1]
            yield around[0][0], reached


def _located(asked: Asked, tokens: Tokens) -> tuple[list[list[int]], list[list[int]]]:
    """For each entity the tokens that name it, and those of the clauses around."""
    mentions, clauses = [], []
    for spans in asked.entities:
        named: set[int] = set()
        around: set[int] = set()
        for start, end in spans:
            tokens_here = _overlapping(asked.cleaned, tokens, start, end)
            if tokens_here:
                named.update(tokens_here)
                around.update(_overlapping(asked.cleaned, tokens, *_clause(asked.text, start, end)))
        mentions.append(sorted(named))
        clauses.append(sorted(around))
    return mentions, clauses


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    base = max(0, start - _AROUND)
    low, high = Clauses(text[base : end + _AROUND]).around(start - base, end - base)
    return base + low, base + high


def _overlapping(cleaned: Cleaned, tokens: Tokens, start: int, end: int) -> list[int]:
    low, high = cleaned.span(start, end)
    own = slice(tokens.before, len(tokens.ids) - tokens.after)
    hits = (tokens.starts[own] < high) & (tokens.ends[own] > low) & (low < high)
    return [int(token) for token in np.flatnonzero(hits) + tokens.before]


def _kept(
    asked: Asked, tokens: Tokens, mentions: Sequence[Sequence[int]], window: int
) -> list[list[int]]:
    """The tokens of each pass, the frame among them."""
    length = len(tokens.ids)
    if length <= window:
        return [list(range(length))]
    if not asked.entities:
        return [[*range(window - tokens.after), *range(length - tokens.after, length)]]
    room = max(0, window - tokens.before - tokens.after)
    units, headline = _units(asked, tokens, largest_unit(room))
    starts = [unit[0] for unit in units]
    wanted = [
        list(dict.fromkeys(bisect_right(starts, token) - 1 for token in named))
        for named in mentions
    ]
    before, after = range(tokens.before), range(length - tokens.after, length)
    return [
        [*before, *(token for unit, size in one for token in units[unit][:size]), *after][:window]
        for one in choose([len(unit) for unit in units], headline, wanted, room)
    ]


def _units(asked: Asked, tokens: Tokens, most: int) -> tuple[list[range], int]:
    """The text's own tokens sentence by sentence, in units of at most `most`.

    Also how many of the units are the headline.
    """
    begins = np.unique(np.searchsorted(asked.cleaned.origin, asked.sentences()))
    own = range(tokens.before, len(tokens.ids) - tokens.after)
    # A token belongs to the sentence its last character is in: it may begin with the blank before.
    sentences = np.searchsorted(begins, tokens.ends[own.start : own.stop] - 1, side="right")
    edges = [own.start, *(np.flatnonzero(np.diff(sentences)) + 1 + own.start).tolist(), own.stop]
    units, headline = [], 0
    for low, high in pairwise(edges):
        units += [range(at, min(at + most, high)) for at in range(low, high, most)]
        headline = headline or len(units)
    return units, headline
