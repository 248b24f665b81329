"""`tocsin evaluate`: how right the classifier is, on texts it was not trained on."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline import settings
from pipeline.cli.classifier import Model, runtime_of
from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.mixtures import CORPUS, Corpus, Fold, Sets, assembled

if TYPE_CHECKING:
    from models.artefact import Manifest
    from models.figures import Figures
    from models.runtime.protocol import Runtime

_NEWSWIRE: Final = settings.ROOT / "demo" / "newswire" / "articles"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    model: Model = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Labelled .jsonl to measure on; the sample newswire else."),
    ] = None,
    mixture: Annotated[
        str | None,
        typer.Option(help="Measure on the held-out rows of this mixture's sets too."),
    ] = None,
    sets: Sets = None,
    corpus: Corpus = CORPUS,
    fold: Fold = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Markdown file to write the figures to.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option("--card", help="Markdown file to write the model card to.")
    ] = None,
) -> None:
    """Measure a model, a language and a class at a time, on texts it was not trained on."""
    from models.artefact import read_manifest
    from models.card import card as model_card
    from models.errors import ModelError
    from models.labelled import measure, read_labelled
    from models.report import page, summary

    files = {path.stem: [path] for path in data or ()}
    files = files or {"sample newswire": sorted(_NEWSWIRE.glob("*.jsonl"))}
    try:
        manifest = read_manifest(model or settings.load().model_dir)
        runtime = runtime_of(model, "torch-fp32")
        if runtime.model_id != manifest.model_id:
            raise CommandError("TOCSIN_DEVICE is stub; set it to auto, cpu or cuda to measure.")
        measured = [manifest.held_out]
        for name, paths in files.items():
            rows = [row for path in paths for row in read_labelled(path)]
            measured.append(measure(runtime, rows, name))
        if mixture:
            measured += _on_sets(runtime, manifest, mixture, (sets, corpus, fold))
        if out:
            out.write_text(page(manifest, measured), encoding="utf-8")
        if card:
            card.write_text(
                model_card(manifest, measured[: 1 + len(files)], corpus), encoding="utf-8"
            )
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except ModelError as error:
        raise CommandError(str(error)) from error
    print(f"{manifest.model_id}\n" + "\n".join(map(summary, measured)))


def _on_sets(
    runtime: "Runtime",
    manifest: "Manifest",
    mixture: str,
    where: tuple[Path | None, Path, int],
) -> list["Figures"]:
    """Figures a set; only where the model's training is known to have left these rows out."""
    from models.sets.material import unseen
    from models.sets.measure import measure_sets

    found = assembled(mixture, *where)
    unseen(manifest, mixture, found)

    def told(done: int) -> None:
        print(f"\r{done} of {len(found.test)} scored", end="", file=sys.stderr, flush=True)

    try:
        return measure_sets(runtime, found.test, told)
    finally:
        print(file=sys.stderr)
