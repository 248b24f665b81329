"""From labelled lines to a model on disk whose figures are of lines it had not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.artefact import BaseRef, Manifest, Training, save
from models.base import Base
from models.batching import Encoder
from models.calibrate import by_language, softmax
from models.config import Recipe
from models.data import Example, digest, split
from models.evaluate import Judged, figures
from models.fit import Fitted, Progress, Run, fit, logits, truth
from models.labels import HEADS

Temperatures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Job:
    """One training: what it starts from and by which recipe."""

    # The line of models this one belongs to; part of its model_id.
    name: str
    base: Base
    recipe: Recipe
    seed: int
    report: Callable[[Progress], None]


def train(examples: Sequence[Example], job: Job, out: Path) -> Manifest:
    """Train a model on `examples` and write it to the folder `out`, which must not exist.

    A first run keeps held-out and development lines aside: it finds the temperatures, the figures
    and, where the recipe has patience, how many passes are enough. A second one trains on every
    line for as many passes and is what is written. Same seed, same machine: same model. Raises
    ModelError where `out` exists.
    """
    recipe = job.recipe
    parts = split(examples, recipe.held_out_share, recipe.dev_share, job.seed)
    run = Run(job.base, recipe, job.seed, "held-out run", job.report)
    watched = parts.dev if recipe.patience else []
    trial = fit(run, parts.fit, watched, recipe.epochs)
    temperatures = _temperatures(trial, job, parts.dev)
    held_out = figures("held-out", _judged(trial, job, parts.held_out, temperatures))
    final = fit(replace(run, stage="final run"), examples, [], trial.epochs)
    manifest = Manifest(
        name=job.name,
        labels={head: list(labels) for head, labels in HEADS.items()},
        base=BaseRef.of(job.base),
        window=recipe.window,
        lora_rank=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        temperatures=temperatures,
        training=Training(digest(examples), len(examples), job.seed, trial.epochs),
        held_out=held_out,
    )
    return save(final.model, manifest, out)


def _temperatures(trial: Fitted, job: Job, dev: Sequence[Example]) -> Temperatures:
    said, true = _logits(trial, job, dev), truth(dev)
    return {head: by_language(said[head], true[head], _languages(dev)) for head in HEADS}


def _judged(
    trial: Fitted, job: Job, lines: Sequence[Example], temperatures: Temperatures
) -> dict[str, Judged]:
    said, true, languages = _logits(trial, job, lines), truth(lines), _languages(lines)
    found = {}
    for head in HEADS:
        heat = np.array([temperatures[head][language] for language in languages.tolist()])
        found[head] = Judged(softmax(said[head] / heat[:, None]), true[head], languages)
    return found


def _logits(trial: Fitted, job: Job, lines: Sequence[Example]) -> dict[str, NDArray[np.float64]]:
    encoder = Encoder(job.base.tokenizer(), job.recipe.window, job.base.prefix)
    return logits(trial.model, encoder, lines, job.recipe.batch)


def _languages(lines: Sequence[Example]) -> NDArray[np.str_]:
    return np.array([line.lang for line in lines])
