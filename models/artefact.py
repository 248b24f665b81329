"""A trained model on disk: adapter, heads, and a manifest that says what they are.

adapter.safetensors   LoRA weights, by peft's names
heads.safetensors     the linear heads
manifest.json         labels, base, window, temperatures, training data, figures, digest
"""

import hashlib
import warnings
from pathlib import Path
from typing import Final

import msgspec
from peft import LoraConfig, PeftModel, get_peft_model
from peft import get_peft_model_state_dict as adapter_state
from peft import set_peft_model_state_dict as set_adapter_state
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel

from models.base import Base
from models.errors import ModelError
from models.figures import Figures
from models.files import folder_made_whole
from models.heads import Classifier
from models.labels import HEADS

ADAPTER: Final = "adapter.safetensors"
HEAD_WEIGHTS: Final = "heads.safetensors"
MANIFEST: Final = "manifest.json"


class BaseRef(msgspec.Struct, frozen=True):
    """The encoder an adapter belongs to."""

    name: str
    revision: str
    # models.base.Base.digest; another encoder under the adapter would answer nonsense.
    digest: str
    # Put before every text, in training and after.
    prefix: str
    # Weights in it, embeddings included.
    parameters: int

    @classmethod
    def of(cls, base: Base) -> "BaseRef":
        """What is remembered of `base`."""
        return cls(base.name, base.revision, base.digest, base.prefix, base.parameters())


class Training(msgspec.Struct, frozen=True):
    """What the model was trained on, and how long."""

    # models.data.digest of the lines, and how many.
    data_digest: str
    rows: int
    seed: int
    epochs: int


class Manifest(msgspec.Struct, frozen=True):
    """Everything about a model but its weights."""

    # Which line of models this is: "seed" for the shipped one.
    name: str
    # Head -> labels in the order of its logits.
    labels: dict[str, list[str]]
    base: BaseRef
    # Tokens of a text that are read.
    window: int
    lora_rank: int
    lora_alpha: int
    # Head -> language ("en", "zh") -> what logits are divided by.
    temperatures: dict[str, dict[str, float]]
    training: Training
    # Of a run with the same recipe and seed that never saw the rows it was measured on.
    held_out: Figures
    # sha256 over adapter, heads and temperatures.
    weights_digest: str = ""

    @property
    def model_id(self) -> str:
        """The name every score of this model carries."""
        return f"tocsin-{self.name}-{self.weights_digest[:8]}"


def adapted(encoder: PreTrainedModel, rank: int, alpha: int) -> PeftModel:
    """`encoder` under fresh LoRA on every linear layer."""
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear")
    with warnings.catch_warnings():
        # peft asks transformers for a property by its old name.
        warnings.simplefilter("ignore", FutureWarning)
        return get_peft_model(encoder, config)


def save(model: Classifier, manifest: Manifest, folder: Path) -> Manifest:
    """Write a trained classifier, whose encoder is a PeftModel, to a folder that is not there yet.

    Returns the manifest with its digest filled in. Raises ModelError where `folder` exists.
    """
    if folder.exists():
        raise ModelError(f"{folder} exists already; a model is written once.")
    with folder_made_whole(folder) as draft:
        state = {k: v.detach().cpu().contiguous() for k, v in adapter_state(model.encoder).items()}
        heads = {k: v.detach().cpu() for k, v in model.heads.state_dict().items()}
        save_file(state, draft / ADAPTER)
        save_file(heads, draft / HEAD_WEIGHTS)
        for name in (ADAPTER, HEAD_WEIGHTS):
            (draft / name).chmod(0o644)
        digest = _digest(draft, manifest.temperatures)
        manifest = msgspec.structs.replace(manifest, weights_digest=digest)
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        (draft / MANIFEST).write_bytes(text + b"\n")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model.

    Raises ModelError where there is none, the weights are not those it names, or its labels are
    not ours.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(raw, type=Manifest)
        intact = manifest.weights_digest == _digest(folder, manifest.temperatures)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{folder} is no trained model: {error}") from error
    if not intact:
        raise ModelError(f"The weights in {folder} are not those its manifest names.")
    if {name: tuple(labels) for name, labels in manifest.labels.items()} != dict(HEADS):
        raise ModelError(f"{folder} was trained for other labels: train it again.")
    return manifest


def load(folder: Path, manifest: Manifest, base: Base) -> Classifier:
    """The classifier in `folder` in float32 and eval mode, its adapter merged into the encoder.

    Raises ModelError where `base` is not the encoder it was trained on or the weights do not fit.
    """
    if base.digest != manifest.base.digest:
        raise ModelError(
            f"{folder} was trained on another {manifest.base.name} than the one found here."
        )
    encoder = base.encoder()
    tuned = adapted(encoder, manifest.lora_rank, manifest.lora_alpha)
    model = Classifier(tuned, encoder.config.hidden_size)
    try:
        set_adapter_state(tuned, load_file(folder / ADAPTER))
        model.heads.load_state_dict(load_file(folder / HEAD_WEIGHTS))
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise ModelError(f"The weights in {folder} do not fit their base: {error}") from error
    model.encoder = _merged(tuned)
    return model.eval()


def _merged(tuned: PeftModel):  # type: ignore[no-untyped-def]
    return tuned.merge_and_unload()


def _digest(folder: Path, temperatures: dict[str, dict[str, float]]) -> str:
    digest = hashlib.sha256()
    for name in (ADAPTER, HEAD_WEIGHTS):
        digest.update((folder / name).read_bytes())
    digest.update(msgspec.json.encode(temperatures, order="sorted"))
    return digest.hexdigest()
