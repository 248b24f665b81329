"""The trained classifier on a CPU, computed the fastest way there, or on a CUDA device."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from models import stories
from models.artefact import Manifest, load, read_manifest
from models.base import prepare
from models.batching import Encoder, batches
from models.config import load_config
from models.errors import ModelError
from models.explain import Explainer, Floats
from models.heads import Classifier, Outputs
from models.labels import ENTITY, HEADS
from models.mentions import Spans
from models.reading import Pass
from models.runtime.cpu import Way, computed, fastest
from models.runtime.packed import Packed
from models.runtime.protocol import EntityPrediction, Prediction
from models.stories import StoryHead
from models.text import Script, script


def load_torch(
    device: Literal["auto", "cpu", "cuda"], model_dir: Path, cache: Path, way: Way | None = None
) -> "TorchRuntime":
    """Load a model, on a CPU computed the fastest way or the one that is given.

    Raises ModelError where it, its base or the device is not to be had.
    """
    manifest = read_manifest(model_dir)
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise ModelError("There is no CUDA device here: set TOCSIN_DEVICE to cpu or auto.")
    base = prepare(manifest.base.name, manifest.base.revision, cache)
    sizes = load_config().runtime

    def on_cpu(how: Way) -> Classifier:
        model = load(model_dir, manifest, base)
        encoder = cast(PreTrainedModel, model.encoder)
        model.encoder = computed(encoder, how, manifest.weights_digest, cache)
        return model

    if cuda and device != "cpu":
        how: Way = "torch-fp32"
        model, tokens = load(model_dir, manifest, base).to("cuda"), sizes.cuda_tokens
    else:
        how = way or fastest(lambda one: on_cpu(one).encoder, manifest.base.digest, cache)
        model, tokens = on_cpu(how), sizes.cpu_tokens
    return TorchRuntime(
        model,
        manifest,
        Encoder(base.tokenizer(), manifest.window, manifest.base.prefix),
        tokens,
        stories.load(model_dir, manifest.weights_digest),
        how,
    )


class TorchRuntime:
    """Scores texts in batches of like length."""

    def __init__(
        self,
        model: Classifier,
        manifest: Manifest,
        encoder: Encoder,
        batch_tokens: int,
        story_head: StoryHead | None = None,
        way: Way = "torch-fp32",
    ) -> None:
        """So many tokens, padding included, go through the encoder at once.

        `way` is how `model` computes, for who asks.
        """
        self.way: Way = way
        self.model_id: str = manifest.model_id
        self.weights_digest: str = manifest.weights_digest
        self._model = model
        self._encoder = encoder
        self._batch_tokens = batch_tokens
        self._story_head = story_head
        self.tells_events = story_head is not None
        self._temperatures = manifest.temperatures
        self._labels = manifest.labels
        self._device = next(model.parameters()).device
        self._packs = isinstance(model.encoder, Packed)
        self._tokens, self._computed = 0, 0

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        """One prediction a text, in order. Raises MemoryError where the device has no more."""
        judges = ENTITY in self._labels
        asked = mentions if mentions and judges else [()] * len(texts)
        every = self._encoder.passes(texts, asked)
        found: dict[int, Prediction] = {}
        entities: dict[tuple[int, int], EntityPrediction] = {}
        for rows in batches([len(one.ids) for one in every], self._batch_tokens):
            here = [every[i] for i in rows]
            languages = [script(texts[one.text]) for one in here]
            outputs = self._forward(here)
            predictions = self._predictions(outputs, languages)
            found.update((o.text, p) for o, p in zip(here, predictions, strict=True) if o.first)
            entities.update(self._entities(outputs, here, languages))
        if not judges:
            return [found[i] for i in range(len(texts))]
        return [
            replace(found[i], entities=tuple(entities[i, n] for n in range(len(asked[i]))))
            for i in range(len(texts))
        ]

    def read(self) -> tuple[int, int]:
        """Tokens read, and tokens computed with the padding, since the start."""
        return self._tokens, self._computed

    def explainer(self) -> Explainer:
        """Tells which words carry what this runtime says, by the same weights."""
        return Explainer(self._encoder, self._answers, self._batch_tokens, ENTITY in self._labels)

    def _answers(self, rows: Sequence[Pass], language: Script) -> dict[str, Floats]:
        return {
            head: np.array(self._probabilities(head, logits, [language] * len(logits)))
            for head, logits in self._forward(rows).logits.items()
        }

    def _forward(self, rows: Sequence[Pass]) -> Outputs:
        lengths = [len(row.ids) for row in rows]
        self._tokens += sum(lengths)
        self._computed += sum(lengths) if self._packs else max(lengths) * len(rows)
        try:
            with torch.inference_mode():
                outputs: Outputs = self._model(self._encoder.batch(rows, self._device))
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU allocator has no exception of its own.
            if "can't allocate memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return outputs

    def _predictions(self, outputs: Outputs, languages: Sequence[Script]) -> list[Prediction]:
        probs = {
            head: self._probabilities(head, logits, languages)
            for head, logits in outputs.logits.items()
            if head != ENTITY
        }
        vectors = torch.nn.functional.normalize(outputs.pooled, dim=1).cpu().numpy()
        if self._story_head is not None:
            vectors = self._story_head.vectors(vectors, languages)
        auxiliary = [head for head in probs if head not in HEADS]
        return [
            Prediction(
                tuple(probs["topic"][row]),
                tuple(probs["sentiment"][row]),
                vector,
                auxiliary={
                    head: dict(zip(self._labels[head], probs[head][row], strict=True))
                    for head in auxiliary
                },
            )
            for row, vector in enumerate(vectors)
        ]

    def _entities(
        self, outputs: Outputs, rows: Sequence[Pass], languages: Sequence[str]
    ) -> Iterator[tuple[tuple[int, int], EntityPrediction]]:
        """By text and number of the entity."""
        logits = outputs.logits.get(ENTITY)
        if logits is None:
            return
        places = [
            (row.text, place, language)
            for row, language in zip(rows, languages, strict=True)
            for place in row.places
        ]
        probs = self._probabilities(ENTITY, logits, [language for _, _, language in places])
        for (text, place, _), said in zip(places, probs, strict=True):
            yield (text, place.number), EntityPrediction(tuple(said), bool(place.mention))

    def _probabilities(
        self, head: str, logits: Tensor, languages: Sequence[str]
    ) -> list[list[float]]:
        heat = torch.tensor([self._temperatures[head][x] for x in languages]).double()
        found: list[list[float]] = (logits.cpu().double() / heat[:, None]).softmax(dim=1).tolist()
        return found
