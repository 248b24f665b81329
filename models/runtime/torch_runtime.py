"""The trained classifier on torch: its adapter merged, on a CPU or a CUDA device, in float32."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch

from models.artefact import Manifest, load, read_manifest
from models.base import prepare
from models.batching import Encoder, batches
from models.config import load_config
from models.errors import ModelError
from models.explain import Explainer
from models.heads import Classifier, Outputs
from models.runtime.protocol import Prediction
from models.text import script


def load_torch(
    device: Literal["auto", "cpu", "cuda"], model_dir: Path, base_cache: Path
) -> "TorchRuntime":
    """Load a model. Raises ModelError where it, its base or the device is not to be had."""
    manifest = read_manifest(model_dir)
    cuda = torch.cuda.is_available()
    if device == "cuda" and not cuda:
        raise ModelError("There is no CUDA device here: set TOCSIN_DEVICE to cpu or auto.")
    base = prepare(manifest.base.name, manifest.base.revision, base_cache)
    where = torch.device("cuda" if cuda and device != "cpu" else "cpu")
    sizes = load_config().runtime
    return TorchRuntime(
        load(model_dir, manifest, base).to(where),
        manifest,
        Encoder(base.tokenizer(), manifest.window, manifest.base.prefix),
        sizes.cuda_batch if where.type == "cuda" else sizes.cpu_batch,
    )


class TorchRuntime:
    """Scores texts in batches of like length."""

    def __init__(self, model: Classifier, manifest: Manifest, encoder: Encoder, batch: int) -> None:
        self.model_id: str = manifest.model_id
        self.weights_digest: str = manifest.weights_digest
        self._model = model
        self._encoder = encoder
        self._batch = batch
        self._temperatures = manifest.temperatures
        self._device = next(model.parameters()).device

    def score(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order. Raises MemoryError where the device has no more."""
        ids = self._encoder.ids(texts)
        found: dict[int, Prediction] = {}
        for rows in batches([len(row) for row in ids], self._batch):
            outputs = self._forward([ids[i] for i in rows])
            found.update(
                zip(rows, self._predictions(outputs, [texts[i] for i in rows]), strict=True)
            )
        return [found[i] for i in range(len(texts))]

    def explainer(self) -> Explainer:
        """Tells which words carry what this runtime says, by the same weights."""
        return Explainer(self._model, self._encoder, self._temperatures, self._batch)

    def _forward(self, ids: list[list[int]]) -> Outputs:
        try:
            with torch.inference_mode():
                outputs: Outputs = self._model(*self._encoder.padded(ids, self._device))
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        except RuntimeError as error:
            # The CPU allocator has no exception of its own.
            if "can't allocate memory" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return outputs

    def _predictions(self, outputs: Outputs, texts: list[str]) -> list[Prediction]:
        languages = [script(text) for text in texts]
        probs: dict[str, list[list[float]]] = {}
        for head, logits in outputs.logits.items():
            heat = torch.tensor([self._temperatures[head][x] for x in languages]).double()
            probs[head] = (logits.cpu().double() / heat[:, None]).softmax(dim=1).tolist()
        vectors = torch.nn.functional.normalize(outputs.pooled, dim=1).cpu().numpy()
        return [
            Prediction(tuple(topic), tuple(sentiment), vector)
            for topic, sentiment, vector in zip(
                probs["topic"], probs["sentiment"], vectors, strict=True
            )
        ]
