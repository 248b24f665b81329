"""Which words of a text carry what a head says of it, or of an entity in it.

A word carries what the probability of the label loses when the word is deleted and the text is read
again. Words that say the same hide one another, so they are deleted in rounds: those that carry
most go first, and the others are asked about in what is left (as recursive feature elimination
does: Guyon et al., Machine Learning 46, 2002). benchmarks/faithfulness.py measures how well this
finds the words, and compares it with integrated gradients.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.batching import Encoder, batches
from models.errors import ModelError
from models.labels import ENTITY, HEADS, LABELS
from models.mentions import Spans
from models.pieces import Word, words
from models.reading import Pass, Place, Traced
from models.text import Script, script

# Of the pieces of a text, the share that its carrying words may have.
SHARE: Final = 0.2
_ROUNDS: Final = 4
# Of the label's probability, the share below which the search asks no more.
_LOST: Final = 0.25

Floats = NDArray[np.float64]
# Passes over texts of one script -> by head, [passes, labels] calibrated probabilities; of the
# entity head a row for each place of each pass.
Ask = Callable[[Sequence[Pass], Script], Mapping[str, Floats]]


@dataclass(frozen=True)
class Reading:
    """One question about a text: how it is read for that, and which of its words may be deleted."""

    # Without places where the text itself is asked about, else with one: the entity's.
    read: Pass
    # In order. An entity's name is not among its own: without it the question would be another.
    words: list[Word]
    script: Script

    def size(self, numbers: Iterable[int]) -> int:
        """How many pieces these words have."""
        return sum(len(self.words[number].positions) for number in numbers)

    def room(self) -> int:
        """How many pieces the words that carry a label may have: SHARE of all, one at least."""
        return max(1, round(SHARE * self.size(range(len(self.words)))))

    def without(self, deleted: Collection[int]) -> Pass:
        """What is left to read when these words, by their numbers, are deleted."""
        gone = {position for number in deleted for position in self.words[number].positions}
        left = [position for position in range(len(self.read.ids)) if position not in gone]
        now = {position: at for at, position in enumerate(left)}
        return replace(
            self.read,
            ids=tuple(self.read.ids[position] for position in left),
            places=tuple(
                Place(place.number, _moved(place.mention, now), _moved(place.clause, now))
                for place in self.read.places
            ),
        )


@dataclass(frozen=True)
class Weighed:
    """A word, and what it carries."""

    # Character offsets [start, end) into the text as it was given.
    start: int
    end: int
    # What the label's probability loses without this word alone, -1 to 1; negative where the word
    # speaks against the label, near 0 where other words say the same.
    fall: float


@dataclass(frozen=True)
class Explanation:
    """What one head says of a text or of an entity in it, and by which words."""

    # One of models.labels.LABELS.
    head: str
    # The likeliest label, with its calibrated probability.
    label: str
    probability: float
    # Every word that was read and may be deleted, in the order of the text.
    words: tuple[Weighed, ...]
    # Numbers of the words that carry the label, those found first in front: together at most SHARE
    # of the pieces of `words`, or one word. Empty where there are no words.
    carriers: tuple[int, ...]
    # What the label's probability loses without all of the carriers.
    together: float
    # False of an entity of which no mention was read: the text as a whole was judged.
    read: bool = True


class Explainer:
    """Explains what a classifier says. Not safe for concurrent calls."""

    def __init__(self, encoder: Encoder, ask: Ask, tokens: int, judges_entities: bool) -> None:
        """`tokens` is how many, padding included, `ask` is given at once."""
        self._encoder = encoder
        self._ask = ask
        self._tokens = tokens
        self._judges_entities = judges_entities

    def read(self, text: str, entities: Sequence[Spans] = ()) -> list[Reading]:
        """How the classifier reads `text` when it is asked about it and these entities.

        The first is of the text itself, then one of each entity in order.
        """
        every = self._encoder.traced(text, entities)
        placed = {place.number: (one, place) for one in every for place in one.read.places}
        asked = [placed[number] for number in range(len(entities))]
        return [_reading(text, every[0]), *(_reading(text, *one) for one in asked)]

    def probabilities(
        self, reading: Reading, deletions: Sequence[Collection[int]]
    ) -> dict[str, Floats]:
        """[deletions, labels] calibrated probabilities a head, of the text without those words.

        Of the entity head where the reading is of an entity, of the others where it is not.
        """
        rows = [reading.without(deleted) for deleted in deletions]
        heads = [ENTITY] if reading.read.places else list(HEADS)
        found = {head: np.zeros((len(rows), len(LABELS[head]))) for head in heads}
        for batch in batches([len(row.ids) for row in rows], self._tokens):
            answers = self._ask([rows[i] for i in batch], reading.script)
            for head, probs in found.items():
                probs[batch] = answers[head]
        return found

    def explain(
        self,
        text: str,
        heads: Collection[str] = tuple(HEADS),
        entities: Sequence[Spans] = (),
    ) -> list[Explanation]:
        """Which words carry what these heads say of `text`, then how each entity fares.

        Asks the model some times a word. Raises ModelError where it judges no entities and is asked
        about one.
        """
        if entities and not self._judges_entities:
            raise ModelError("The model has no entity head and cannot say how an entity fares.")
        whole, *asked = self.read(text, entities)
        found = self._explained(whole, heads) if heads else []
        return [*found, *(one for reading in asked for one in self._explained(reading, [ENTITY]))]

    def _explained(self, reading: Reading, heads: Collection[str]) -> list[Explanation]:
        every = range(len(reading.words))
        asked = self.probabilities(reading, [(), *([i] for i in every)])
        found = []
        for head in heads:
            label = int(asked[head][0].argmax())
            whole, *alone = asked[head][:, label].tolist()
            falls = whole - np.array(alone)
            carriers, left = self._search(reading, head, label, whole, falls)
            weighed = zip(reading.words, falls.tolist(), strict=True)
            found.append(
                Explanation(
                    head=head,
                    label=LABELS[head][label],
                    probability=whole,
                    words=tuple(Weighed(word.start, word.end, fall) for word, fall in weighed),
                    carriers=tuple(carriers),
                    together=whole - left,
                    read=all(place.mention for place in reading.read.places),
                )
            )
        return found

    def _search(
        self, reading: Reading, head: str, label: int, whole: float, falls: Floats
    ) -> tuple[list[int], float]:
        """The words that carry `label`, in rounds, and what is left of it without them.

        `whole` is its probability, `falls` what each word loses it alone.
        """
        carriers: list[int] = []
        a_round = math.ceil(reading.room() / _ROUNDS)
        left = whole
        while asked := _fitting(reading, carriers):
            weights = falls[asked]
            # Where the label has lost most already, what else moves it says little.
            if carriers and left > _LOST * whole:
                after = self.probabilities(reading, [[*carriers, i] for i in asked])[head][:, label]
                # Both the whole text and what is left of it are heard.
                weights = (weights + left - after) / 2
            order = [asked[i] for i in np.argsort(-weights, kind="stable")]
            carriers += fill(reading, order, min(a_round, reading.room() - reading.size(carriers)))
            left = float(self.probabilities(reading, [carriers])[head][0, label])
        return carriers, left


def fill(reading: Reading, order: Sequence[int], room: int) -> list[int]:
    """The first word of `order`, and those after it that still fit into `room` pieces with it."""
    found = list(order[:1])
    for number in order[1:]:
        if reading.size([*found, number]) <= room:
            found.append(number)
    return found


def _reading(text: str, traced: Traced, place: Place | None = None) -> Reading:
    named = set(place.mention) if place else set()
    return Reading(
        replace(traced.read, places=(place,) if place else ()),
        [word for word in words(text, traced.spans) if named.isdisjoint(word.positions)],
        script(text),
    )


def _moved(positions: Iterable[int], now: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(now[position] for position in positions if position in now)


def _fitting(reading: Reading, carriers: Collection[int]) -> list[int]:
    """The words that may still join these carriers; every word where there is none yet and all
    are too long."""
    room = reading.room() - reading.size(carriers)
    found = [
        i for i in range(len(reading.words)) if i not in carriers and reading.size([i]) <= room
    ]
    return found if found or carriers else list(range(len(reading.words)))
