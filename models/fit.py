"""The training loop: rows in, a classifier out, for as long as the development rows are content."""

import hashlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn

from models.base import Base
from models.batching import Encoder
from models.checkpoint import Checkpoint, Standing
from models.config import Recipe
from models.heads import Classifier, trained
from models.judging import Said, judge, score
from models.lessons import Lesson, known, lessons, losses, parts, steps
from models.memory import estimate, free, require
from models.rows import Row, digest_of
from models.tuning import (
    autocast,
    best_device,
    fresh,
    half,
    mix,
    optimizer_of,
    seed,
    set_rate,
    shape_of,
)


@dataclass(frozen=True)
class Progress:
    """Where a training is, told after every step and after every pass."""

    # "held-out run" or "final run".
    stage: str
    # Passes over the rows done, a fraction while one runs, and how many there are at most.
    epoch: float
    epochs: int
    # Mean loss of the pass so far.
    loss: float
    # Rows a second since this process began, and the seconds the stage still takes at that rate.
    rate: float
    remaining: float
    # Mean macro-F1 of the heads on the development rows, at the end of a pass that has them.
    dev: float | None = None


@dataclass(frozen=True)
class Run:
    """What stays the same during one run."""

    base: Base
    recipe: Recipe
    seed: int
    stage: str
    report: Callable[[Progress], None]
    # Head -> labels in the order of its logits.
    labels: Mapping[str, Sequence[str]]
    # Where an unfinished run is kept, and after how many seconds it is kept anew.
    unfinished: Path
    keep_every: float


@dataclass(frozen=True)
class Fitted:
    """A trained classifier, in eval mode, and the passes it took. It reads the run's rows only."""

    model: Classifier
    epochs: int


def fit(
    run: Run, rows: Sequence[Row], dev: Sequence[Row], readable: Sequence[Row], epochs: int
) -> Fitted:
    """Train for `epochs` passes; with development rows, for as many as they get better by.

    The same seed gives the same model on the same machine, also where the run was killed and goes
    on from what it kept. The model can read `readable` beside. Raises ModelError where the memory
    will not do, or what was kept is of another run.
    """
    checkpoint = Checkpoint(run.unfinished, _digest(run, rows, dev, epochs), run.keep_every)
    trainer = _Trainer(run, rows, [*dev, *readable], epochs, checkpoint)
    while not trainer.standing.finished:
        loss = trainer.one_pass()
        gained = score(trainer.judged(dev)) if dev else None
        trainer.end_pass(gained)
        trainer.report(loss, gained)
    return trainer.fitted()


class _Trainer:
    def __init__(
        self,
        run: Run,
        rows: Sequence[Row],
        readable: Sequence[Row],
        epochs: int,
        checkpoint: Checkpoint,
    ) -> None:
        self._run, self._epochs, self._checkpoint = run, epochs, checkpoint
        recipe, self._device = run.recipe, best_device()
        tokenizer = run.base.tokenizer()
        self._encoder = Encoder(tokenizer, recipe.train_tokens, run.base.prefix)
        self._reader = Encoder(tokenizer, recipe.window, run.base.prefix)
        self._lessons = lessons(self._encoder, rows)
        self._lengths = [len(one.read.ids) for one in self._lessons]
        read = [*self._lessons, *lessons(self._reader, readable)]
        used = {token for one in read for token in one.read.ids}
        self._require_memory(len(used))
        seed(run.seed, self._device)
        self._model = fresh(run.base, recipe, run.labels, used)
        self._optimizer = optimizer_of(self._model, recipe)
        kept = checkpoint.read(self._model, self._optimizer)
        self.standing, self._best = kept or (Standing(best_epoch=epochs), {})
        self._began, self._learned = time.monotonic(), 0

    def one_pass(self) -> float:
        """Train on every row once, or on those of a pass that are left; the mean loss."""
        order = random.Random(f"{self._run.seed} {self.standing.epoch}")  # noqa: S311
        every = steps(self._lengths, self._run.recipe.batch, order)
        self._model.train()
        for chosen in every[self.standing.step :]:
            self.standing.loss += self._step(chosen, len(every))
            self.standing.step += 1
            if self.standing.step < len(every):
                if self._checkpoint.due():
                    self._checkpoint.write(self.standing, self._model, self._optimizer, self._best)
                self.report(self.standing.loss / self.standing.step, None, len(every))
        return self.standing.loss / max(1, len(every))

    def end_pass(self, gained: float | None) -> None:
        """Note what the development rows say of the pass, and whether it was the last."""
        standing = self.standing
        standing.epoch, standing.step, standing.loss = standing.epoch + 1, 0, 0.0
        if gained is not None and gained > standing.best:
            standing.best, standing.best_epoch = gained, standing.epoch
            self._best = {k: v.detach().clone() for k, v in trained(self._model).items()}
        waited = standing.epoch - max(standing.best_epoch, self._run.recipe.probe_epochs)
        enough = gained is not None and waited >= self._run.recipe.patience
        standing.finished = enough or standing.epoch >= self._epochs
        self._checkpoint.write(standing, self._model, self._optimizer, self._best)

    def judged(self, rows: Sequence[Row]) -> dict[str, Said]:
        """What the model says of rows now."""
        return judge(
            self._model, self._reader, rows, self._run.labels, self._run.recipe.batch_tokens
        )

    def fitted(self) -> Fitted:
        """The model as it was when the development rows liked it best, mixed with its base."""
        self._model.load_state_dict(self._best, strict=False)
        mix(self._model, self._run.base, self._run.recipe.mixing)
        return Fitted(self._model.eval(), self.standing.best_epoch)

    def report(self, loss: float, gained: float | None, steps_a_pass: int = 1) -> None:
        """Say where the training is."""
        epoch = self.standing.epoch + self.standing.step / steps_a_pass
        rate = self._learned / max(time.monotonic() - self._began, 1e-9)
        left = (self._epochs - epoch) * len(self._lessons)
        remaining = 0.0 if self.standing.finished or not rate else left / rate
        run = self._run
        run.report(Progress(run.stage, epoch, self._epochs, loss, rate, remaining, gained))

    @property
    def _probing(self) -> bool:
        return self.standing.epoch < self._run.recipe.probe_epochs

    def _step(self, chosen: Sequence[int], steps_a_pass: int) -> float:
        """One step of the optimiser, its rows computed in parts that fit; their mean loss."""
        recipe, standing = self._run.recipe, self.standing
        done = standing.epoch * steps_a_pass + standing.step
        seed(self._run.seed + 1_000_003 * (done + 1), self._device)
        # The heads alone, and then all together: each from slow over fast to nothing.
        probed = min(recipe.probe_epochs, self._epochs) * steps_a_pass
        if self._probing:
            set_rate(self._optimizer, done, probed, recipe.warmup_share)
        else:
            whole = self._epochs * steps_a_pass - probed
            set_rate(self._optimizer, done - probed, whole, recipe.warmup_share)
        total = 0.0
        for part in parts([self._lengths[i] for i in chosen], recipe.batch_tokens):
            total += self._learn([self._lessons[chosen[i]] for i in part], len(chosen))
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._learned += len(chosen)
        return total

    def _learn(self, taught: Sequence[Lesson], of: int) -> float:
        """Add up the gradients of some of a step's `of` lessons; their share of its loss."""
        run = self._run
        with autocast(self._device):
            batch = self._encoder.batch([one.read for one in taught], self._device)
            outputs = self._model(batch, probing=self._probing)
        found = []
        for head, logits in outputs.logits.items():
            what = known(taught, head, run.labels[head], self._device)
            if what is not None:
                found.append(losses(logits, what, run.recipe.label_smoothing).sum())
        if not found:
            return 0.0
        loss: Tensor = torch.stack(found).sum() / of
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _require_memory(self, used: int) -> None:
        recipe, longest = self._run.recipe, max(self._lengths, default=0)
        tokens = max(longest, min(recipe.batch_tokens, recipe.batch * longest))
        shape = shape_of(self._run.base, recipe, self._run.labels, used)
        need = estimate(shape, tokens, longest, half(self._device), bool(recipe.patience))
        require(need, free(self._device), recipe)


def _digest(run: Run, rows: Sequence[Row], dev: Sequence[Row], epochs: int) -> str:
    """Known by everything that decides how a run goes."""
    decides = [
        run.base.digest,
        run.base.prefix,
        run.recipe,
        run.seed,
        run.stage,
        {head: list(names) for head, names in run.labels.items()},
        digest_of(rows),
        digest_of(dev),
        epochs,
    ]
    return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()
