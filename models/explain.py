"""Which words of a text carry what a head says of it.

A word carries what the probability of the label loses when the word is deleted and the text is read
again. Words that say the same hide one another, so they are deleted in rounds: those that carry
most go first, and the others are asked about in what is left (as recursive feature elimination
does: Guyon et al., Machine Learning 46, 2002). benchmarks/faithfulness.py measures how well this
finds the words, and compares it with integrated gradients.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.batching import Encoder, batches
from models.heads import Classifier
from models.labels import HEADS
from models.pieces import Word, words
from models.text import Script, script

# Of the pieces of a text, the share that its carrying words may have.
SHARE: Final = 0.2
_ROUNDS: Final = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """A text as the encoder reads it."""

    ids: list[int]
    # Those within the window, in order.
    words: list[Word]
    script: Script

    def size(self, numbers: Iterable[int]) -> int:
        """How many pieces these words have."""
        return sum(len(self.words[number].positions) for number in numbers)

    def room(self) -> int:
        """How many pieces the words that carry a label may have: SHARE of all, one at least."""
        return max(1, round(SHARE * self.size(range(len(self.words)))))

    def without(self, deleted: Collection[int]) -> list[int]:
        """The ids that are left when these words, by their numbers, are deleted."""
        gone = {position for number in deleted for position in self.words[number].positions}
        return [one for position, one in enumerate(self.ids) if position not in gone]


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
    """What one head says of a text, and by which words."""

    # One of models.labels.HEADS.
    head: str
    # The likeliest label, with its calibrated probability.
    label: str
    probability: float
    # Every word that was read, in the order of the text.
    words: tuple[Weighed, ...]
    # Numbers of the words that carry the label, those found first in front: together at most SHARE
    # of the pieces read, or one word. Empty where the text has no words.
    carriers: tuple[int, ...]
    # What the label's probability loses without all of the carriers.
    together: float


class Explainer:
    """Explains what a classifier says. Not safe for concurrent calls."""

    def __init__(
        self,
        model: Classifier,
        encoder: Encoder,
        temperatures: dict[str, dict[str, float]],
        batch: int,
    ) -> None:
        """The manifest's temperatures, a head and script, and how many texts a forward pass has."""
        self._model = model
        self._encoder = encoder
        self._temperatures = temperatures
        self._batch = batch
        self._device = next(model.parameters()).device

    def read(self, text: str) -> Reading:
        """`text` as the classifier reads it: cleaned, and cut to the window."""
        ids, spans = self._encoder.traced(text)
        return Reading(ids, words(text, spans), script(text))

    def probabilities(
        self, reading: Reading, deletions: Sequence[Collection[int]]
    ) -> dict[str, Floats]:
        """[deletions, labels] calibrated probabilities a head, of the text without those words."""
        rows = [reading.without(deleted) for deleted in deletions]
        found = {head: np.zeros((len(rows), len(labels))) for head, labels in HEADS.items()}
        for batch in batches([len(row) for row in rows], self._batch):
            with torch.inference_mode():
                tensors = self._encoder.padded([rows[i] for i in batch], self._device)
                logits = self._model(*tensors).logits
            for head, probs in found.items():
                heat = self._temperatures[head][reading.script]
                probs[batch] = (logits[head].cpu().double() / heat).softmax(dim=1).numpy()
        return found

    def explain(self, text: str, heads: Collection[str] = tuple(HEADS)) -> list[Explanation]:
        """Which words of `text` carry what these heads say. Asks the model some times a word."""
        reading = self.read(text)
        every = range(len(reading.words))
        asked = self.probabilities(reading, [(), *([i] for i in every)])
        found = []
        for head in heads:
            label = int(asked[head][0].argmax())
            whole, *alone = asked[head][:, label].tolist()
            falls = whole - np.array(alone)
            carriers = self._search(reading, head, label, falls)
            left = self.probabilities(reading, [carriers])[head][0, label]
            weighed = zip(reading.words, falls.tolist(), strict=True)
            found.append(
                Explanation(
                    head=head,
                    label=HEADS[head][label],
                    probability=whole,
                    words=tuple(Weighed(word.start, word.end, fall) for word, fall in weighed),
                    carriers=tuple(carriers),
                    together=whole - float(left),
                )
            )
        return found

    def _search(self, reading: Reading, head: str, label: int, falls: Floats) -> list[int]:
        """The words that carry `label`, in rounds; `falls` is what each loses it alone."""
        carriers: list[int] = []
        a_round = math.ceil(reading.room() / _ROUNDS)
        while asked := _fitting(reading, carriers):
            weights = falls[asked]
            if carriers:
                deletions = [carriers, *([*carriers, i] for i in asked)]
                before, *after = self.probabilities(reading, deletions)[head][:, label]
                # Both the whole text and what is left of it are heard: in what is left a label may
                # have lost nearly all, and what moves it then says little.
                weights = (weights + before - np.array(after)) / 2
            order = [asked[i] for i in np.argsort(-weights, kind="stable")]
            carriers += fill(reading, order, min(a_round, reading.room() - reading.size(carriers)))
        return carriers


def fill(reading: Reading, order: Sequence[int], room: int) -> list[int]:
    """The first word of `order`, and those after it that still fit into `room` pieces with it."""
    found = list(order[:1])
    for number in order[1:]:
        if reading.size([*found, number]) <= room:
            found.append(number)
    return found


def _fitting(reading: Reading, carriers: Collection[int]) -> list[int]:
    """The words that may still join these carriers; every word where there is none yet and all
    are too long."""
    room = reading.room() - reading.size(carriers)
    found = [
        i for i in range(len(reading.words)) if i not in carriers and reading.size([i]) <= room
    ]
    return found if found or carriers else list(range(len(reading.words)))
