"""Integrated gradients, the usual way to find the words that decide, to compare with.

Over the word embeddings, from a text of mask tokens: Sundararajan et al., Axiomatic Attribution for
Deep Networks, ICML 2017.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from captum.attr import LayerIntegratedGradients
from torch import Tensor

from models.batching import Batch, Encoder
from models.explain import Explainer, Floats, Reading, fill
from models.heads import Classifier
from models.reading import Pass

# By the Gauss-Legendre rule.
_STEPS: Final = 64


@dataclass(frozen=True)
class Masked(Reading):
    """A reading whose words are masked instead of deleted."""

    mask: int

    @classmethod
    def of(cls, reading: Reading, mask: int) -> "Masked":
        """The same words, `mask` being the id of the mask token."""
        return cls(reading.read, reading.words, reading.script, mask)

    def without(self, deleted: Collection[int]) -> Pass:
        """As long as it was."""
        gone = {position for number in deleted for position in self.words[number].positions}
        ids = (self.mask if at in gone else one for at, one in enumerate(self.read.ids))
        return replace(self.read, ids=tuple(ids))


class Gradients:
    """Finds the words by their attributions; the classifier is on the CPU."""

    def __init__(
        self, model: Classifier, encoder: Encoder, explainer: Explainer, mask: int
    ) -> None:
        self._model = model
        self._encoder = encoder
        self._explainer = explainer
        self._mask = mask
        # How far, of a prediction, the attributions are from adding up, as a share of their sum.
        self.gaps: list[float] = []

    def carriers(self, reading: Reading, head: str) -> list[int]:
        """Numbers of the words with the greatest attributions, as many as an explanation names."""
        (probs,) = self._explainer.probabilities(reading, [()])[head]
        weights = self._weights(reading, head, int(probs.argmax()))
        order = np.argsort(-weights, kind="stable").tolist()
        return fill(reading, order, reading.room())

    def _weights(self, reading: Reading, head: str, label: int) -> Floats:
        def answer(ids: Tensor, mask: Tensor, *entity: Tensor) -> Tensor:
            logits = self._model(Batch(ids, mask, *entity)).logits[head]
            return logits.log_softmax(dim=1)[:, label]

        nothing = Masked.of(reading, self._mask).without(range(len(reading.words)))
        batch = self._encoder.batch([reading.read], torch.device("cpu"))
        entity = (batch.places, batch.asked) if reading.read.places else ()
        method = LayerIntegratedGradients(answer, self._model.encoder.get_input_embeddings())
        gradients, gap = method.attribute(
            batch.input_ids,
            torch.tensor([nothing.ids]),
            additional_forward_args=(batch.attention_mask, *entity),
            n_steps=_STEPS,
            internal_batch_size=16,
            return_convergence_delta=True,
        )
        pieces = gradients[0].sum(dim=-1).detach().double().numpy()
        self.gaps.append(abs(float(gap)) / max(abs(float(pieces.sum())), 1e-6))
        return np.array([pieces[list(word.positions)].sum() for word in reading.words])
