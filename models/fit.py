"""The training loop: LoRA and heads on labelled lines, until the development lines are content."""

import contextlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from models.artefact import adapted
from models.base import Base
from models.batching import Encoder, batches
from models.config import Recipe
from models.data import Example
from models.evaluate import macro_f1
from models.heads import Classifier
from models.labels import HEADS

# Batches shuffled together before they are sorted by length: enough to keep padding low and the
# order of lines random.
_BUCKET = 8

Truth = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Progress:
    """Where a training is, told after every batch and after every pass."""

    # "held-out run" or "final run".
    stage: str
    # Passes over the lines done, a fraction while one runs, and how many there are at most.
    epoch: float
    epochs: int
    # Mean loss of the pass so far.
    loss: float
    # Mean macro-F1 of the heads on the development lines, at the end of a pass that has them.
    dev: float | None = None


@dataclass(frozen=True)
class Run:
    """What stays the same during one run."""

    base: Base
    recipe: Recipe
    seed: int
    stage: str
    report: Callable[[Progress], None]


@dataclass(frozen=True)
class Fitted:
    """A trained classifier (its encoder is a PeftModel) and the passes it took."""

    model: Classifier
    epochs: int


def fit(run: Run, lines: Sequence[Example], dev: Sequence[Example], epochs: int) -> Fitted:
    """Train for `epochs` passes; with development lines, for as many as they get better by.

    The same seed gives the same model on the same machine.
    """
    torch.manual_seed(run.seed)
    recipe = run.recipe
    model = _fresh(run)
    encoder = Encoder(run.base.tokenizer(), recipe.train_tokens, run.base.prefix)
    trainer = _Trainer(run, model, encoder, lines, epochs)
    best, best_epoch, kept = -1.0, epochs, None
    for epoch in range(epochs):
        loss = trainer.one_pass(epoch)
        said = logits(model, encoder, dev, recipe.batch) if dev else None
        score = _score(said, truth(dev)) if said else None
        run.report(Progress(run.stage, epoch + 1, epochs, loss, score))
        if score is None:
            continue
        if score > best:
            best, best_epoch, kept = score, epoch + 1, _trained(model)
        elif epoch + 1 - best_epoch >= recipe.patience:
            break
    if kept is not None:
        model.load_state_dict(kept, strict=False)
    return Fitted(model.eval(), best_epoch)


def logits(
    model: Classifier, encoder: Encoder, lines: Sequence[Example], batch: int
) -> dict[str, NDArray[np.float64]]:
    """[lines, labels] logits of every head, in the order of the lines, in float32 on the model."""
    model.eval()
    ids = encoder.ids([line.text for line in lines])
    found = {head: np.zeros((len(lines), len(labels))) for head, labels in HEADS.items()}
    with torch.inference_mode():
        for rows in batches([len(row) for row in ids], batch):
            outputs = model(*encoder.padded([ids[i] for i in rows], device_of(model)))
            for head, values in outputs.logits.items():
                found[head][rows] = values.float().cpu().numpy()
    return found


def truth(lines: Sequence[Example]) -> Truth:
    """Index of the true label of every line, a head."""
    return {
        head: np.array([labels.index(getattr(line, head)) for line in lines], dtype=np.int64)
        for head, labels in HEADS.items()
    }


def device_of(model: nn.Module) -> torch.device:
    """Where the model's weights are."""
    return next(model.parameters()).device


class _Trainer:
    def __init__(
        self, run: Run, model: Classifier, encoder: Encoder, lines: Sequence[Example], epochs: int
    ) -> None:
        self._run, self._model, self._encoder, self._epochs = run, model, encoder, epochs
        self._ids = encoder.ids([line.text for line in lines])
        self._truth = {head: torch.from_numpy(rows) for head, rows in truth(lines).items()}
        self._order = random.Random(run.seed)  # noqa: S311
        self._steps = math.ceil(len(lines) / run.recipe.batch)
        self._optimizer = _optimizer(model, run.recipe)
        self._schedule = _schedule(self._optimizer, run.recipe, self._steps * epochs)
        self._losses = nn.CrossEntropyLoss(label_smoothing=run.recipe.label_smoothing)

    def one_pass(self, epoch: int) -> float:
        """Train on every line once; the mean loss."""
        self._model.train()
        total = 0.0
        rows_of = _shuffled([len(row) for row in self._ids], self._run.recipe.batch, self._order)
        for step, rows in enumerate(rows_of, 1):
            total += self._step(rows)
            if step < self._steps:
                done = epoch + step / self._steps
                self._run.report(Progress(self._run.stage, done, self._epochs, total / step))
        return total / self._steps

    def _step(self, rows: list[int]) -> float:
        device = device_of(self._model)
        tensors = self._encoder.padded([self._ids[i] for i in rows], device)
        with _autocast(device):
            outputs = self._model(*tensors)
        losses = [
            self._losses(values.float(), self._truth[head][rows].to(device))
            for head, values in outputs.logits.items()
        ]
        loss: Tensor = torch.stack(losses).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        return loss.item()


def _fresh(run: Run) -> Classifier:
    encoder = run.base.encoder()
    recipe = run.recipe
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            # Random numbers for every activation are 40 % of a step on a CPU.
            module.p = 0.0
    tuned = adapted(encoder, recipe.lora_rank, recipe.lora_alpha)
    model = Classifier(tuned, encoder.config.hidden_size, recipe.head_dropout)
    return model.to("cuda" if torch.cuda.is_available() else "cpu")


def _trained(model: Classifier) -> dict[str, Tensor]:
    """A copy of the weights that training changes."""
    return {
        name: weights.detach().clone()
        for name, weights in model.named_parameters()
        if weights.requires_grad
    }


def _optimizer(model: Classifier, recipe: Recipe) -> AdamW:
    adapter = [weights for weights in model.encoder.parameters() if weights.requires_grad]
    return AdamW(
        [
            {"params": adapter, "lr": recipe.learning_rate},
            {"params": list(model.heads.parameters()), "lr": recipe.head_learning_rate},
        ],
        betas=(0.9, 0.98),
        weight_decay=recipe.weight_decay,
    )


def _schedule(optimizer: AdamW, recipe: Recipe, steps: int) -> LambdaLR:
    """Linear warm-up, then a cosine down to nothing at the last step."""
    warm = max(1, round(steps * recipe.warmup_share))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))

    return LambdaLR(optimizer, factor)


def _shuffled(lengths: Sequence[int], size: int, order: random.Random) -> Iterator[list[int]]:
    """Every index once, in batches of like length, in random order."""
    rows = list(range(len(lengths)))
    order.shuffle(rows)
    found: list[list[int]] = []
    for start in range(0, len(rows), size * _BUCKET):
        bucket = rows[start : start + size * _BUCKET]
        found += [[bucket[i] for i in part] for part in batches([lengths[i] for i in bucket], size)]
    order.shuffle(found)
    return iter(found)


def _score(said: dict[str, NDArray[np.float64]], true: Truth) -> float:
    return float(np.mean([macro_f1(said[head], true[head]) for head in HEADS]))


def _autocast(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """bfloat16 where the device computes it, else nothing."""
    cpu = torch.cpu.get_capabilities()
    fast = device.type == "cuda" or cpu.get("avx512_bf16") or cpu.get("amx_bf16")
    return torch.autocast(device.type, torch.bfloat16) if fast else contextlib.nullcontext()
