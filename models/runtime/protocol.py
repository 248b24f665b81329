"""What every runtime of the classifier promises, whatever it computes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Prediction:
    """What the heads say of one text."""

    # One calibrated probability a topic, in the order of models.labels.TOPICS; sums to 1.
    topic_probs: tuple[float, ...]
    # One calibrated probability a sentiment, in the order of models.labels.SENTIMENTS; sums to 1.
    sentiment_probs: tuple[float, ...]
    # Unit-length sentence vector of the encoder (float32), None where the runtime has none.
    vector: NDArray[np.float32] | None


class Runtime(Protocol):
    """A loaded classifier. Not safe for concurrent calls."""

    # Name and version, such as "tocsin-seed-1a2b3c4d": the model_id of every score it gives.
    model_id: str
    # sha256 (hex) of the weights that decide: adapter and heads.
    weights_digest: str

    def score(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order. Texts may be empty or of any length (cut to the window).

        Raises MemoryError where the device ran out of memory; nothing else on any input.
        """
        ...
