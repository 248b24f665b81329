"""A classifier ready to be trained: what of it learns, how fast, and what that takes."""

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.optim import AdamW
from transformers import AutoConfig, PreTrainedModel

from models.artefact import adapted
from models.base import Base
from models.config import Recipe
from models.heads import Classifier, trained
from models.labels import ENTITY
from models.memory import Shape

_RATE: Final = "first_rate"
# The second of the two matrices of an adapter, by peft's name: the adapter grows as it does.
_UP: Final = "lora_B"


class CutEmbedding(nn.Module):
    """The rows of a vocabulary that are in use, asked for by the ids of the whole of it.

    Four fifths of a multilingual encoder are rows for words that the training texts do not have.
    An id whose row was cut raises IndexError.
    """

    def __init__(self, whole: nn.Embedding, used: Iterable[int]) -> None:
        super().__init__()
        rows = torch.tensor(sorted(set(used)))
        self.weight = nn.Parameter(whole.weight.detach()[rows].clone(), requires_grad=False)
        place = torch.full((whole.num_embeddings,), len(rows), dtype=torch.long)
        place[rows] = torch.arange(len(rows))
        self.register_buffer("place", place, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """[…] ids to […, hidden] vectors."""
        return nn.functional.embedding(self.get_buffer("place")[ids], self.weight)


def fresh(
    base: Base, recipe: Recipe, labels: Mapping[str, Sequence[str]], used: Iterable[int]
) -> Classifier:
    """A classifier over `base` with new adapters and heads, able to read the token ids `used`.

    Embeddings of words and positions never learn: the texts are too few to move them well.
    """
    encoder = base.encoder()
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            # Random numbers for every activation are 40 % of a step on a CPU.
            module.p = 0.0
        if isinstance(module, nn.Embedding):
            module.requires_grad_(False)
    _cut(encoder, used)
    hidden: int = encoder.config.hidden_size
    whole = recipe.tuning == "full"
    tuned = encoder if whole else adapted(encoder, recipe.lora_rank, recipe.lora_alpha)
    model = Classifier(tuned, hidden, labels, recipe.head_dropout)
    return model.to(best_device())


def shape_of(base: Base, recipe: Recipe, labels: Mapping[str, Sequence[str]], used: int) -> Shape:
    """What decides the memory of a training, from the encoder's files alone."""
    config = AutoConfig.from_pretrained(base.folder, trust_remote_code=False)
    hidden, inner = config.hidden_size, getattr(config, "intermediate_size", 0)
    inner = inner or 4 * hidden
    linear, rows, columns = 0, 0, 0
    with safe_open(base.folder / "model.safetensors", framework="np") as weights:
        for name in weights.keys():  # noqa: SIM118
            size = weights.get_slice(name).get_shape()
            if len(size) == 2 and "embed" not in name:
                linear += math.prod(size)
                rows, columns = rows + size[0], columns + size[1]
    parameters, vocabulary = base.parameters(), config.vocab_size * hidden
    learning = recipe.lora_rank * (rows + columns)
    if recipe.tuning == "full":
        learning = parameters - vocabulary
    heads = sum(hidden * len(names) for names in labels.values())
    heads += 3 * hidden * hidden * (ENTITY in labels)
    return Shape(
        parameters=parameters,
        linear=linear,
        vocabulary=vocabulary,
        kept=used * hidden,
        trained=learning + heads,
        hidden=hidden,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        inner=inner,
    )


def optimizer_of(model: Classifier, recipe: Recipe) -> AdamW:
    """The optimiser; `set_rate` says how fast it learns before each step."""
    heads = list(trained(model.heads).values())
    encoder = list(trained(model.encoder).values())
    rate = recipe.full_learning_rate if recipe.tuning == "full" else recipe.lora_learning_rate
    return AdamW(
        [
            {"params": encoder, "lr": rate, _RATE: rate},
            {"params": heads, "lr": recipe.head_learning_rate, _RATE: recipe.head_learning_rate},
        ],
        betas=(0.9, 0.98),
        weight_decay=recipe.weight_decay,
    )


def set_rate(optimizer: AdamW, step: int, steps: int, warmup_share: float) -> None:
    """Linear warm-up, then a cosine down to nothing behind the last of `steps`, counted from 0."""
    warm = max(1, round(steps * warmup_share))
    factor = (step + 1) / warm
    if step >= warm:
        factor = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    for group in optimizer.param_groups:
        group["lr"] = group[_RATE] * factor


def mix(model: Classifier, base: Base, share: float) -> None:
    """Keep `share` of what the encoder learned, the rest is what `base` was; the heads stay.

    Weights in between are nearly as good on what was learned, and better on what was not: Wortsman
    and others, "Robust fine-tuning of zero-shot models", CVPR 2022.
    """
    if share == 1:
        return
    learned = trained(model.encoder)
    adapters = [weights for name, weights in learned.items() if _UP in name]
    with torch.no_grad():
        for weights in adapters:
            weights.mul_(share)
        if not adapters:
            before = base.encoder().state_dict()
            for name, weights in learned.items():
                weights.copy_(torch.lerp(before[name].to(weights), weights, share))


def best_device() -> torch.device:
    """Where a training computes: on CUDA where there is such a device."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half(device: torch.device) -> bool:
    """Whether the device computes bfloat16 faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    cpu = torch.cpu.get_capabilities()
    return bool(cpu.get("avx512_bf16") or cpu.get("amx_bf16"))


def autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """bfloat16 where the device is fast at it, else nothing."""
    return torch.autocast(device.type, torch.bfloat16) if half(device) else contextlib.nullcontext()


def seed(number: int, device: torch.device) -> None:
    """Let what follows on `device` draw the same random numbers whenever it is called so."""
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)


def _cut(encoder: PreTrainedModel, used: Iterable[int]) -> None:
    whole = encoder.get_input_embeddings()
    if isinstance(whole, nn.Embedding):
        # A padding id is part of every batch, and of no text.
        padding = {encoder.config.pad_token_id or 0}
        encoder.set_input_embeddings(CutEmbedding(whole, {*used, *padding}))
