"""`tocsin evaluate`, `tocsin score`: the classifier from the terminal."""

import sys
from collections.abc import Iterator, Sequence
from itertools import compress, islice
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
    """Say topic and sentiment of every text in a file, and how the entities asked about fare.

    A text in a language that is not supported is answered with no topic and no sentiment.
    """
    from models.errors import ModelError

    try:
        runtime = _runtime(model or settings.load().model_dir)
        # Whole or not there: a result cut short must not be mistaken for one.
        draft = out.with_name(out.name + ".part")
        with draft.open("wb") as results:
            done, unscored, lines = 0, 0, _read(file)
            while texts := list(islice(lines, _CHUNK)):
                for line in _answers(runtime, texts):
                    results.write(msgspec.json.encode(line) + b"\n")
                    unscored += line.topic is None
                done += len(texts)
                print(f"\r{done} lines", end="", file=sys.stderr, flush=True)
        draft.replace(out)
    except (ModelError, OSError) as error:
        raise CommandError(str(error)) from error
    print(
        f"\r{done - unscored} scored by {runtime.model_id}, {unscored} unscored, in {out}",
        file=sys.stderr,
    )


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
    # None, and no probabilities, where the text is unscored.
    sentiment: str | None
    probs: dict[str, float]


class Scored(msgspec.Struct, frozen=True):
    """One line's answer; probabilities by label. Unscored: None, and no probabilities."""

    id: str | int
    lang: str
    topic: str | None
    topic_probs: dict[str, float]
    sentiment: str | None
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


def _answers(runtime: "Runtime", texts: Sequence[Text]) -> Iterator[Scored]:
    """One a text, in order. What is in a language not supported is not shown to the classifier."""
    from models.mentions import find
    from pipeline.language import SUPPORTED, detect

    langs = [text.lang or detect(text.text) for text in texts]
    # A line may say its language more closely than is told apart here, as en-GB.
    wanted = [lang.partition("-")[0] in SUPPORTED for lang in langs]
    shown = list(compress(texts, wanted))
    asked = [find([one.asked for one in text.entities], text.text) for text in shown]
    predictions = iter(runtime.score([text.text for text in shown], asked) if shown else ())
    for text, lang, known in zip(texts, langs, wanted, strict=True):
        yield _answer(text, lang, next(predictions) if known else None, runtime.model_id)


def _answer(text: Text, lang: str, prediction: "Prediction | None", model_id: str) -> Scored:
    from models.labels import SENTIMENTS, TOPICS

    topics = _by_label(TOPICS, prediction.topic_probs if prediction else ())
    sentiments = _by_label(SENTIMENTS, prediction.sentiment_probs if prediction else ())
    entities = []
    for number, asked in enumerate(text.entities):
        probs = _by_label(SENTIMENTS, prediction.entity_probs(number) if prediction else ())
        entities.append(ScoredEntity(asked.asked, _likeliest(probs), probs))
    return Scored(
        id=text.id,
        lang=lang,
        topic=_likeliest(topics),
        topic_probs=topics,
        sentiment=_likeliest(sentiments),
        sentiment_probs=sentiments,
        entities=entities,
        model_version=model_id,
    )


def _by_label(labels: Sequence[str], probs: Sequence[float]) -> dict[str, float]:
    return dict(zip(labels, probs, strict=True)) if probs else {}


def _likeliest(probs: dict[str, float]) -> str | None:
    return max(probs, key=probs.__getitem__, default=None)


def _runtime(folder: Path) -> "Runtime":
    from models.runtime.loading import load_runtime

    return load_runtime(settings.load().device, folder, _base_cache())


def _base_cache() -> Path:
    return settings.load().cache / "base"
