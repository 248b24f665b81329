"""A trained model on disk: adapter, heads, and a manifest that says what they are.

adapter.safetensors   LoRA weights, by peft's names; or, where all weights were trained,
encoder.safetensors   those of the encoder, embeddings left out
heads.safetensors     the heads
manifest.json         labels, base, window, temperatures, training data, figures, digest
"""

import hashlib
import warnings
from pathlib import Path
from typing import Final, Literal

import msgspec
from peft import LoraConfig, PeftModel, get_peft_model
from peft import get_peft_model_state_dict as adapter_state
from peft import set_peft_model_state_dict as set_adapter_state
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.base import Base
from models.errors import ModelError
from models.figures import Figures
from models.files import folder_made_whole
from models.heads import Classifier, trained
from models.labels import HEADS, LABELS

ADAPTER: Final = "adapter.safetensors"
ENCODER: Final = "encoder.safetensors"
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

    # Digest of what was learned from (models.data.digest for our own lines), and how many rows.
    data_digest: str
    rows: int
    seed: int
    epochs: int
    # "corpus" for our own lines, else the name of a mixture.
    data: str = "corpus"


class Manifest(msgspec.Struct, frozen=True):
    """Everything about a model but its weights."""

    # Which line of models this is: "open" for the shipped one.
    name: str
    # Head -> labels in the order of its logits; those of models.labels.LABELS, of which a model may
    # have no entity head, and auxiliary ones.
    labels: dict[str, list[str]]
    base: BaseRef
    # Tokens of a text that are read.
    window: int
    # Without meaning where all weights were trained.
    lora_rank: int
    lora_alpha: int
    # Head -> language ("en", "zh") -> what logits are divided by.
    temperatures: dict[str, dict[str, float]]
    training: Training
    # Of a run with the same recipe and seed that never saw the rows it was measured on.
    held_out: Figures
    # Whether adapters were trained or all weights.
    tuning: Literal["lora", "full"] = "lora"
    # sha256 over trained weights, heads and temperatures.
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
    """Write a trained classifier to a folder that is not there yet.

    Its encoder is a PeftModel, or where all was trained the encoder itself. Returns the manifest
    with its digest filled in. Raises ModelError where `folder` exists.
    """
    if folder.exists():
        raise ModelError(f"{folder} exists already; a model is written once.")
    with folder_made_whole(folder) as draft:
        whole = manifest.tuning == "full"
        state = trained(model.encoder) if whole else adapter_state(model.encoder)
        for name, tensors in zip(_files(manifest), (state, model.heads.state_dict()), strict=True):
            save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, draft / name)
            (draft / name).chmod(0o644)
        digest = _digest(draft, manifest)
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
        intact = manifest.weights_digest == _digest(folder, manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(f"{folder} is no trained model: {error}") from error
    if not intact:
        raise ModelError(f"The weights in {folder} are not those its manifest names.")
    ours = {name: list(labels) for name, labels in LABELS.items()}
    has = {name: manifest.labels.get(name) for name in {*HEADS, *manifest.labels} if name in ours}
    if has != {name: ours[name] for name in has}:
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
    hidden: int = encoder.config.hidden_size
    try:
        weights, heads = (load_file(folder / name) for name in _files(manifest))
        if manifest.tuning == "full":
            _replace(encoder, weights)
            model = Classifier(encoder, hidden, manifest.labels)
        else:
            tuned = adapted(encoder, manifest.lora_rank, manifest.lora_alpha)
            set_adapter_state(tuned, weights)
            model = Classifier(_merged(tuned), hidden, manifest.labels)
        model.heads.load_state_dict(heads)
    except (SafetensorError, RuntimeError, KeyError) as error:
        raise ModelError(f"The weights in {folder} do not fit their base: {error}") from error
    return model.eval()


def _merged(tuned: PeftModel):  # type: ignore[no-untyped-def]
    return tuned.merge_and_unload()


def _replace(encoder: PreTrainedModel, weights: dict[str, Tensor]) -> None:
    """Put trained weights over the pretrained ones; embeddings alone may stay as they are."""
    outcome = encoder.load_state_dict(weights, strict=False)
    kept = {
        f"{name}.weight" for name, one in encoder.named_modules() if isinstance(one, nn.Embedding)
    }
    wrong = [*outcome.unexpected_keys, *(set(outcome.missing_keys) - kept)]
    if wrong:
        raise KeyError(", ".join(sorted(wrong)))


def _files(manifest: Manifest) -> tuple[str, str]:
    return (ENCODER if manifest.tuning == "full" else ADAPTER), HEAD_WEIGHTS


def _digest(folder: Path, manifest: Manifest) -> str:
    digest = hashlib.sha256()
    for name in _files(manifest):
        digest.update((folder / name).read_bytes())
    digest.update(msgspec.json.encode(manifest.temperatures, order="sorted"))
    return digest.hexdigest()
