"""The steps of a retraining: freeze the labels, train, measure, decide. Each over paths alone.

Torch is imported by the steps that compute, not by this module: a task that freezes or decides is
light.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from models.config import Config, Floor
from models.data import Example, digest, read_corpus
from models.errors import ModelError
from models.figures import Figures
from models.files import folder_made_whole
from models.labelled import measure, read_labelled
from models.labels import LABELS
from models.runtime.loading import Device, load_runtime

if TYPE_CHECKING:
    from models.artefact import Manifest
    from models.fit import Progress


@dataclass(frozen=True)
class Snapshot:
    """Labelled lines that no longer change."""

    # A corpus folder, named after the digest of its lines.
    folder: Path
    # models.data.digest of the lines.
    digest: str
    rows: int


@dataclass(frozen=True)
class GateDecision:
    """Whether a candidate may replace the champion."""

    passed: bool
    # What speaks against it, one sentence each; empty where it passed.
    reasons: tuple[str, ...]


def freeze(corpora: Sequence[Path], snapshots: Path) -> Snapshot:
    """Copy the lines of all `corpora` into one folder below `snapshots`.

    The same lines give the same folder, however often. Raises ModelError where an id is in two.
    """
    lines: dict[str, Example] = {}
    for corpus in corpora:
        for line in read_corpus(corpus):
            if line.id in lines:
                raise ModelError(f"{corpus}: the id {line.id} is in another corpus too.")
            lines[line.id] = line
    known = digest(list(lines.values()))
    folder = snapshots / known[:16]
    if not folder.is_dir():
        with folder_made_whole(folder) as draft:
            rows = [msgspec.json.encode(lines[key]) for key in sorted(lines)]
            (draft / "lines.jsonl").write_bytes(b"\n".join(rows) + b"\n")
    return Snapshot(folder, known, len(lines))


@dataclass(frozen=True)
class Workplace:
    """Where a retraining reads and writes beside its snapshot."""

    # The cache of base encoders.
    base_cache: Path
    config: Config
    report: "Callable[[Progress], None]"
    # The MLflow store that trainings are noted in; None: nowhere.
    tracking: Path | None = None


def retrain(snapshot: Snapshot, seed: int, place: Workplace, out: Path) -> "Manifest":
    """Train a candidate on a snapshot into the folder `out`, which must not exist.

    A training that was killed goes on where it was.
    """
    from models.base import prepare
    from models.rows import of_corpus
    from models.train import Job, train

    choice = place.config.base
    base = prepare(choice.name, choice.revision, place.base_cache)
    recipe = place.config.recipe
    job = Job("retrained", base, recipe, seed, place.report, place.tracking)
    return train(of_corpus(read_corpus(snapshot.folder), recipe), job, out)


def evaluate(model_dir: Path, frozen: Sequence[Path], device: Device, base_cache: Path) -> Figures:
    """Figures of a model on frozen sets that no model was trained on."""
    rows = [row for path in frozen for row in read_labelled(path)]
    return measure(load_runtime(device, model_dir, base_cache, "torch-fp32"), rows, "frozen")


def gate(candidate: Figures, champion: Figures, floor: Floor) -> GateDecision:
    """Judge a candidate against the floors and the champion, both measured on the same rows.

    Every language must have enough rows, reach the floors, and fall short of the champion by no
    more than `floor.max_regression` in macro-F1 of either head.
    """
    reasons = []
    if candidate.rows != champion.rows:
        reasons.append("Candidate and champion were measured on different rows.")
    for language in ("en", "zh"):
        rows = candidate.rows.get(language, 0)
        if rows < floor.min_rows:
            reasons.append(f"{language}: {rows} frozen rows; {floor.min_rows} are needed.")
            continue
        reasons += _below_floor(candidate, language, floor)
        reasons += _below_champion(candidate, champion, language, floor)
    return GateDecision(not reasons, tuple(reasons))


def _below_floor(candidate: Figures, language: str, floor: Floor) -> list[str]:
    topic, sentiment = (candidate.heads[head][language] for head in ("topic", "sentiment"))
    found = []
    for name, value, least in (
        ("topic macro-F1", topic.macro_f1.value, floor.min_topic_macro_f1),
        ("sentiment macro-F1", sentiment.macro_f1.value, floor.min_sentiment_macro_f1),
    ):
        if value < least:
            found.append(f"{language}: {name} {value:.3f} is below {least}.")
    if sentiment.ece.value > floor.max_sentiment_ece:
        found.append(
            f"{language}: sentiment calibration error {sentiment.ece.value:.3f} is above "
            f"{floor.max_sentiment_ece}."
        )
    return found


def _below_champion(
    candidate: Figures, champion: Figures, language: str, floor: Floor
) -> list[str]:
    found = []
    for head in LABELS:
        new, old = (one.heads.get(head, {}).get(language) for one in (candidate, champion))
        if old and not new:
            found.append(f"{language}: the champion was measured on {head}, this could not be.")
        elif old and new and new.macro_f1.value < old.macro_f1.value - floor.max_regression:
            found.append(
                f"{language}: {head} macro-F1 {new.macro_f1.value:.3f} is below the champion's "
                f"{old.macro_f1.value:.3f}."
            )
    return found
