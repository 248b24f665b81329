"""`tocsin evaluate`, `tocsin score`: the classifier from the terminal."""

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
    from models.runtime.protocol import Prediction, Runtime

_NEWSWIRE: Final = settings.ROOT / "demo" / "newswire" / "articles"
# Lines scored at once: enough to sort by length, few enough to see progress.
_CHUNK: Final = 256

Model = Annotated[
    Path | None, typer.Option("--model", help="Model folder; TOCSIN_MODEL_DIR or the shipped one.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("evaluate")(evaluate)
    app.command("score")(score)


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
    file: Annotated[
        Path, typer.Argument(help='JSON lines: {"id", "text", "lang"?, "entities"?: [{"name"}]}.')
    ],
    out: Annotated[Path, typer.Option("--out", help="JSON lines to write, in the same order.")],
    model: Model = None,
) -> None:
    """Say topic and sentiment of every text in a file, and how the entities asked about fare."""
    from models.errors import ModelError
    from models.mentions import find

    try:
        runtime = _runtime(model or settings.load().model_dir)
        # Whole or not there: a result cut short must not be mistaken for one.
        draft = out.with_name(out.name + ".part")
        with draft.open("wb") as results:
            done, lines = 0, _read(file)
            while texts := list(islice(lines, _CHUNK)):
                asked = [find([one.asked for one in text.entities], text.text) for text in texts]
                predictions = runtime.score([text.text for text in texts], asked)
                for text, prediction in zip(texts, predictions, strict=True):
                    line = _scored(text, prediction, runtime.model_id)
                    results.write(msgspec.json.encode(line) + b"\n")
                done += len(texts)
                print(f"\r{done} scored", end="", file=sys.stderr, flush=True)
        draft.replace(out)
    except (ModelError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"\r{done} scored by {runtime.model_id}, in {out}", file=sys.stderr)


class AskedEntity(msgspec.Struct, frozen=True):
    """An entity to judge, by its name in the text; `text` is another word for it."""

    name: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.name is None and self.text is None:
            raise ValueError("an entity needs a name")

    @property
    def asked(self) -> str:
        """The name it is asked by."""
        return self.name if self.name is not None else self.text or ""


class Text(msgspec.Struct, frozen=True):
    """One line to score."""

    id: str | int
    text: str
    # Found out where it is not said.
    lang: str | None = None
    entities: tuple[AskedEntity, ...] = ()


class ScoredEntity(msgspec.Struct, frozen=True):
    """How one entity fares, under the name it was asked by; probabilities by label."""

    name: str
    sentiment: str
    probs: dict[str, float]


class Scored(msgspec.Struct, frozen=True):
    """One line scored; probabilities by label."""

    id: str | int
    lang: str
    topic: str
    topic_probs: dict[str, float]
    sentiment: str
    sentiment_probs: dict[str, float]
    entities: list[ScoredEntity]
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
    entities = []
    for number, asked in enumerate(text.entities):
        probs = dict(zip(SENTIMENTS, prediction.entity_probs(number), strict=True))
        entities.append(ScoredEntity(asked.asked, max(probs, key=probs.__getitem__), probs))
    return Scored(
        id=text.id,
        lang=text.lang or detect(text.text),
        topic=max(topics, key=topics.__getitem__),
        topic_probs=topics,
        sentiment=max(sentiments, key=sentiments.__getitem__),
        sentiment_probs=sentiments,
        entities=entities,
        model_version=model_id,
    )


def _runtime(folder: Path) -> "Runtime":
    from models.runtime.loading import load_runtime

    return load_runtime(settings.load().device, folder, _base_cache())


def _base_cache() -> Path:
    return settings.load().cache / "base"
