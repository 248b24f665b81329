"""What every runtime of the classifier promises, whatever it computes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.mentions import Spans


@dataclass(frozen=True)
class EntityPrediction:
    """What the entity head says of one entity of a text."""

    # One calibrated probability a sentiment, in the order of models.labels.SENTIMENTS; sums to 1.
    sentiment_probs: tuple[float, ...]
    # Whether a mention of it was read. Where none was (its spans are empty or outside the text,
    # or cleaning left nothing of them) the probabilities are of the text as a whole.
    read: bool


@dataclass(frozen=True)
class Prediction:
    """What the heads say of one text."""

    # One calibrated probability a topic, in the order of models.labels.TOPICS; sums to 1.
    topic_probs: tuple[float, ...]
    # One calibrated probability a sentiment, in the order of models.labels.SENTIMENTS; sums to 1.
    sentiment_probs: tuple[float, ...]
    # Unit-length vector (float32) by which reports of one event are near one another, or of a model
    # that was not taught that, texts of one subject; None where the runtime has none.
    vector: NDArray[np.float32] | None
    # One for each entity that was asked about, in order; None where the model has no entity head.
    entities: tuple[EntityPrediction, ...] | None = None
    # Auxiliary head -> label -> calibrated probability; empty where the model has none.
    auxiliary: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def entity_probs(self, number: int) -> tuple[float, ...]:
        """How the entity asked about as `number` fares; like the text where no head can say."""
        return (
            self.sentiment_probs if self.entities is None else self.entities[number].sentiment_probs
        )


class Runtime(Protocol):
    """A loaded classifier. Not safe for concurrent calls."""

    # Name and version, such as "tocsin-seed-1a2b3c4d": the model_id of every score it gives.
    model_id: str
    # sha256 (hex) of the weights that decide: adapter and heads.
    weights_digest: str
    # Whether its vectors were taught to tell events apart, so that a likeness of them means one.
    tells_events: bool

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        """One prediction a text, in order. Texts may be empty or of any length.

        `mentions` has for each text the entities asked about, each as the characters at which it
        is named. A text longer than the window is read in parts: its headline, its lead, and the
        sentences that name these entities; only there does what is asked touch the other answers.

        Raises MemoryError where the device ran out of memory; nothing else on any input.
        """
        ...

    def read(self) -> tuple[int, int]:
        """Tokens read, and tokens computed with the padding, since the start."""
        ...
