"""From rows to a model on disk whose figures are of rows it had not seen."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from msgspec import structs

from models.artefact import BaseRef, Manifest, Training, save
from models.base import Base
from models.batching import Encoder
from models.config import Recipe
from models.errors import ModelError
from models.evaluate import figures
from models.fit import Fitted, Progress, Run, fit
from models.judging import Said, judge
from models.rows import Material, Row
from models.tracking import Tracked, tracked

Temperatures = dict[str, dict[str, float]]

# Seconds of work that a killed training may lose.
_KEEP_EVERY: Final = 300.0


@dataclass(frozen=True)
class Job:
    """One training: what it starts from and by which recipe."""

    # The line of models this one belongs to; part of its model_id.
    name: str
    base: Base
    recipe: Recipe
    seed: int
    report: Callable[[Progress], None]
    # Folder of the MLflow store that the run is noted in; None: nowhere.
    tracking: Path | None = None
    keep_every: float = _KEEP_EVERY


def train(material: Material, job: Job, out: Path) -> Manifest:
    """Train a model on `material` and write it to the folder `out`, which must not exist.

    A first run keeps held-out and development rows aside: it finds the temperatures, the figures
    and, where the recipe has patience, how many passes are enough. It is what is written, or where
    the material says so a second one, that learns from all rows for as many passes. Same seed,
    same machine: same model, also where the training was killed and is called again: it goes on
    from what it keeps beside `out`. Raises ModelError where `out` exists, or memory will not do.
    """
    if out.exists():
        raise ModelError(f"{out} exists already; a model is written once.")
    unfinished = out.with_name(f"{out.name}.unfinished")
    with tracked(job.tracking, _decided(material, job)) as tracking:
        fitted, manifest = _fitted(material, job, unfinished, tracking)
        manifest = save(fitted.model, manifest, out)
        tracking.measured(manifest.model_id, manifest.held_out)
    shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def _fitted(
    material: Material, job: Job, unfinished: Path, tracking: Tracked
) -> tuple[Fitted, Manifest]:
    """The model to write, and its manifest without the digest."""
    recipe, seen = job.recipe, [*material.dev, *material.held_out]
    run = _run(material, job, unfinished, tracking)
    best = fit(run, material.fit, material.dev if recipe.patience else [], seen, recipe.epochs)
    temperatures = _temperatures(_judge(best, job, material.dev, material), material)
    said = _judge(best, job, material.held_out, material)
    judged = {head: one.judged(temperatures[head]) for head, one in said.items()}
    held_out = figures("held-out", judged, labels=material.labels)
    learned, epochs = material.fit, best.epochs
    if material.refit:
        # Two models at once are more than the memory was asked for.
        del best
        learned, stage = [*material.fit, *seen], "final run"
        run = replace(run, stage=stage, unfinished=unfinished / f"{stage}.safetensors")
        best = fit(run, learned, [], [], epochs)
    manifest = Manifest(
        name=job.name,
        labels={head: list(labels) for head, labels in material.labels.items()},
        base=BaseRef.of(job.base),
        window=recipe.window,
        lora_rank=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        temperatures=temperatures,
        training=Training(material.digest, len(learned), job.seed, epochs, material.name),
        held_out=held_out,
        tuning=recipe.tuning,
    )
    return best, manifest


def _run(material: Material, job: Job, unfinished: Path, tracking: Tracked) -> Run:
    def told(progress: Progress) -> None:
        job.report(progress)
        tracking.progress(progress)

    stage = "held-out run"
    file = unfinished / f"{stage}.safetensors"
    return Run(job.base, job.recipe, job.seed, stage, told, material.labels, file, job.keep_every)


def _temperatures(said: Mapping[str, Said], material: Material) -> Temperatures:
    """By head and language; a head without development rows keeps its logits as they are."""
    found = {head: one.temperatures() for head, one in said.items()}
    return {head: found.get(head, {"en": 1.0, "zh": 1.0}) for head in material.labels}


def _judge(fitted: Fitted, job: Job, rows: Sequence[Row], material: Material) -> dict[str, Said]:
    encoder = Encoder(job.base.tokenizer(), job.recipe.window, job.base.prefix)
    return judge(fitted.model, encoder, rows, material.labels, job.recipe.batch_tokens)


def _decided(material: Material, job: Job) -> dict[str, object]:
    """What the run is known by among others."""
    return {
        "name": job.name,
        "base": job.base.name,
        "base_digest": job.base.digest,
        "seed": job.seed,
        "data": material.name,
        "data_digest": material.digest,
        "rows": len(material.fit) + len(material.dev) + len(material.held_out),
        **structs.asdict(job.recipe),
    }
