"""How much memory a training will take, told before it starts."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import torch

from models.config import Recipe
from models.errors import ModelError

# Of what is free a training may plan with this share; the estimate is not exact.
_SHARE: Final = 0.9
_GROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Shape:
    """What of an encoder decides its memory."""

    # Weights in all, and of them those in its linear layers and those kept of its vocabulary.
    parameters: int
    linear: int
    vocabulary: int
    kept: int
    # Weights that training changes, the heads' included.
    trained: int
    hidden: int
    layers: int
    heads: int
    # Width of the feed-forward layers.
    inner: int


@dataclass(frozen=True)
class Need:
    """Bytes a training takes at its peak, beside what the program takes already."""

    # Weights as they are read, before what is not needed of the vocabulary is dropped.
    loading: int
    weights: int
    gradients: int
    # Both moments of AdamW, and the best weights so far.
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """Bytes at the peak."""
        training = self.weights + self.gradients + self.optimizer + self.activations
        return max(self.loading, training)


def estimate(shape: Shape, tokens: int, longest: int, half: bool, keeps_best: bool) -> Need:
    """What training an encoder takes with `tokens` tokens, padding included, in the largest pass.

    `longest` is the longest text in it and `half` says whether it is computed in bfloat16. What
    a layer keeps of each token for the way back is counted from the layers of a BERT (post-norm,
    attention as plain matrix products).
    """
    hidden, inner = shape.hidden, shape.inner
    if half:
        # Copies in two bytes for every matrix product; norms and softmax in four.
        token = 24 * hidden + 4 * inner + 6 * shape.heads * longest
        copies = 2 * shape.linear
    else:
        token = 32 * hidden + 8 * inner + 8 * shape.heads * longest
        copies = 0
    # On the way back one layer's gradients are there beside what is kept.
    activations = tokens * token * (shape.layers + 1) + copies
    moments = 2 + keeps_best
    return Need(
        loading=4 * shape.parameters,
        weights=4 * (shape.parameters - shape.vocabulary + shape.kept),
        gradients=4 * shape.trained,
        optimizer=4 * moments * shape.trained,
        activations=activations,
    )


def free(device: torch.device) -> int:
    """Bytes that a training on `device` may take now."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(min(psutil.virtual_memory().available, _left_to_group(_GROUPS)))


def require(need: Need, available: int, recipe: Recipe) -> None:
    """Raise ModelError with what to lower where `need` is more than may be planned with."""
    if need.total <= available * _SHARE:
        return
    state = need.gradients + need.optimizer
    if need.activations >= max(state, need.weights):
        advice = (
            f"lower batch_tokens (now {recipe.batch_tokens}) or train_tokens "
            f"(now {recipe.train_tokens}) in models.toml"
        )
    elif recipe.tuning == "full" and state >= need.weights:
        advice = "train LoRA instead of all weights (tuning in models.toml)"
    else:
        advice = "choose a smaller base encoder (base in models.toml, or --base)"
    raise ModelError(
        f"This training needs about {need.total / 1e9:.1f} GB of memory and "
        f"{available / 1e9:.1f} GB are free: {advice}."
    )


def _left_to_group(group: Path) -> float:
    """What the control group of a container still allows; infinite where there is none."""
    try:
        most = (group / "memory.max").read_text(encoding="ascii").strip()
        used = (group / "memory.current").read_text(encoding="ascii").strip()
        return math.inf if most == "max" else max(0, int(most) - int(used))
    except (OSError, ValueError):
        return math.inf
