"""The same training with several seeds: how much of a figure is chance."""

from dataclasses import replace
from pathlib import Path

from models.artefact import Manifest, read_manifest
from models.errors import ModelError
from models.rows import Material
from models.train import Job, train


def train_seeds(material: Material, job: Job, seeds: int, out: Path) -> list[Manifest]:
    """Train with the seeds from the job's own on, into the folders `seed-N` of `out`.

    All learn from the same rows and are measured on the same. What is there already is kept, so
    that a call that was killed goes on. Raises ModelError where a folder is of other rows.
    """
    manifests = []
    for seed in range(job.seed, job.seed + seeds):
        folder = out / f"seed-{seed}"
        if folder.is_dir():
            manifest = read_manifest(folder)
            if (manifest.training.data_digest, manifest.training.seed) != (material.digest, seed):
                raise ModelError(f"{folder} was trained on other rows; choose another folder.")
        else:
            manifest = train(material, replace(job, seed=seed), folder)
        manifests.append(manifest)
    return manifests
