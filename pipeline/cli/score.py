"""`tocsin score`: what the classifier says of texts in a file."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline.cli.classifier import Model, runtime_of
from pipeline.cli.errors import CommandError
from pipeline.cli.lines import Out, answer

if TYPE_CHECKING:
    from models.runtime.protocol import Prediction, Runtime
    from models.sets.spec import PublicSet

# Lines scored at once: enough to sort by length, few enough to see progress.
_CHUNK: Final = 256


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("score")(score)


def score(
    file: Annotated[
        Path, typer.Argument(help='JSON lines: {"id", "text", "lang"?, "entities"?: [{"name"}]}.')
    ],
    out: Out,
    model: Model = None,
    set_labels: Annotated[
        str | None,
        typer.Option(
            help="Answer as this public set does: from its own head where it has one, and with "
            "only the sentiments it knows."
        ),
    ] = None,
) -> None:
    """Say topic and sentiment of every text in a file, and how the entities asked about fare.

    A text in a language that is not supported is answered with no topic and no sentiment.
    """
    from models.errors import ModelError
    from models.sets.finding import public_set

    try:
        public = public_set(set_labels) if set_labels else None
        runtime = runtime_of(model)
        unscored = 0

        def answered(texts: Sequence[Text]) -> Iterator[Scored]:
            nonlocal unscored
            for line in _answers(runtime, texts, public):
                unscored += line.topic is None
                yield line

        done = answer(file, out, Text, _CHUNK, answered)
    except ModelError as error:
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


def _answers(
    runtime: "Runtime", texts: Sequence[Text], public: "PublicSet | None"
) -> Iterator[Scored]:
    """One a text, in order. What is in a language not supported is not shown to the classifier.

    A text that is in no language, such as a ticker with a figure, is.
    """
    from models.mentions import find
    from pipeline.language import SUPPORTED, detect

    langs = [text.lang or detect(text.text) for text in texts]
    # A line may say its language more closely than is told apart here, as en-GB.
    wanted = [lang == "und" or lang.partition("-")[0] in SUPPORTED for lang in langs]
    shown = list(compress(texts, wanted))
    asked = [find([one.asked for one in text.entities], text.text) for text in shown]
    predictions = iter(runtime.score([text.text for text in shown], asked) if shown else ())
    for text, lang, known in zip(texts, langs, wanted, strict=True):
        if known:
            yield _scored(text, lang, next(predictions), runtime.model_id, public)
        else:
            entities = [ScoredEntity(entity.asked, None, {}) for entity in text.entities]
            yield Scored(text.id, lang, None, {}, None, {}, entities, runtime.model_id)


def _scored(
    text: Text, lang: str, prediction: "Prediction", model_id: str, public: "PublicSet | None"
) -> Scored:
    from models.labels import TOPICS
    from models.sets.row import on_scale

    scale = public.scale if public else "three"
    topics: Mapping[str, float] = dict(zip(TOPICS, prediction.topic_probs, strict=True))
    sentiments: Mapping[str, float] = on_scale(prediction.sentiment_probs, scale)
    if public and public.native:
        own = _own_answer(public.name, prediction, model_id)
        topics, sentiments = (own, sentiments) if public.native_says == "topic" else (topics, own)
    entities = []
    for number, asked in enumerate(text.entities):
        probs = on_scale(prediction.entity_probs(number), scale)
        entities.append(ScoredEntity(asked.asked, _likeliest(probs), probs))
    return Scored(
        id=text.id,
        lang=lang,
        topic=_likeliest(topics),
        topic_probs=dict(topics),
        sentiment=_likeliest(sentiments),
        sentiment_probs=dict(sentiments),
        entities=entities,
        model_version=model_id,
    )


def _own_answer(name: str, prediction: "Prediction", model_id: str) -> Mapping[str, float]:
    try:
        return prediction.auxiliary[name]
    except KeyError:
        raise CommandError(
            f"{model_id} has no head for the labels of {name}: it was not trained on that set."
        ) from None


def _likeliest(probs: Mapping[str, float]) -> str:
    return max(probs, key=probs.__getitem__)
