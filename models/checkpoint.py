"""An unfinished training on disk, so that a killed one goes on where it was.

One safetensors file: the trained weights, the best of them so far, the optimiser's moments, and in
the header, as JSON, where the training stands. It is replaced at once, never half written.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from models.errors import ModelError
from models.heads import trained

_STANDING: Final = "standing"


class Standing(msgspec.Struct):
    """Where a training stands."""

    # Passes that are done, and steps that are done of the one that runs.
    epoch: int = 0
    step: int = 0
    # Losses of the running pass's steps, added up.
    loss: float = 0.0
    # Best score on the development rows so far, and after how many passes it was; -1: none yet.
    best: float = -1.0
    best_epoch: int = 0
    finished: bool = False


class _Header(msgspec.Struct):
    recipe: str
    standing: Standing


class Checkpoint:
    """The file of one run, written every `every` seconds at most."""

    def __init__(
        self,
        file: Path,
        recipe: str,
        every: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        # Digest of everything that decides how the run goes.
        self._recipe = recipe
        self._every = every
        self._clock = clock
        self._written = clock()

    def due(self) -> bool:
        """Whether so much would be lost by now that it is time to write."""
        return self._clock() - self._written >= self._every

    def write(
        self, standing: Standing, model: nn.Module, optimizer: Optimizer, best: dict[str, Tensor]
    ) -> None:
        """Put the file in place of the one before."""
        tensors = {f"best/{name}": weights for name, weights in best.items()}
        for name, weights in trained(model).items():
            tensors[f"model/{name}"] = weights
            for key, value in optimizer.state.get(weights, {}).items():
                tensors[f"{key}/{name}"] = value
        header = msgspec.json.encode(_Header(self._recipe, standing)).decode()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".part")
        save_file(
            {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
            draft,
            metadata={_STANDING: header},
        )
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(self._file)
        self._written = self._clock()

    def read(
        self, model: nn.Module, optimizer: Optimizer
    ) -> tuple[Standing, dict[str, Tensor]] | None:
        """Load the file into model and optimiser: where it stands, and the best weights so far.

        None where there is no file. Raises ModelError where it is of another run or damaged.
        """
        if not self._file.is_file():
            return None
        try:
            with safe_open(self._file, framework="pt") as file:
                header = msgspec.json.decode(file.metadata()[_STANDING], type=_Header)
                if header.recipe != self._recipe:
                    raise ModelError(
                        f"{self._file.parent} holds an unfinished training of other rows or by "
                        "another recipe: remove it, or choose another folder for the model."
                    )
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return header.standing, _restored(tensors, model, optimizer)
        except (SafetensorError, KeyError, TypeError, msgspec.DecodeError) as error:
            raise ModelError(f"{self._file} is damaged: remove it. ({error})") from error


def _restored(
    tensors: dict[str, Tensor], model: nn.Module, optimizer: Optimizer
) -> dict[str, Tensor]:
    best = {}
    for name, weights in trained(model).items():
        with torch.no_grad():
            weights.copy_(tensors.pop(f"model/{name}"))
        if f"best/{name}" in tensors:
            best[name] = tensors.pop(f"best/{name}").to(weights.device)
        moments = {kind: tensors.pop(f"{kind}/{name}", None) for kind in ("exp_avg", "exp_avg_sq")}
        steps = tensors.pop(f"step/{name}", None)
        if steps is not None:
            # AdamW keeps its count of steps on the CPU wherever the weights are.
            optimizer.state[weights] = {"step": steps} | {
                kind: moment.to(weights.device)
                for kind, moment in moments.items()
                if moment is not None
            }
    return best
