"""`tocsin explain`: which sentence and which words of a text carry what the classifier says."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline import settings
from pipeline.cli.classifier import Model
from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain

if TYPE_CHECKING:
    from rich.text import Text

    from models.explain import Explanation
    from models.mentions import Spans
    from models.runtime.torch_runtime import TorchRuntime

# Characters read of a file: far more than the classifier does.
_READ: Final = 200_000
# Words printed with their figures; those against only where taking them away adds 0.01 and more.
_CARRYING: Final = 10
_AGAINST: Final = 3
_LEAST: Final = 0.01
# Under the words that carry a label, on a terminal: the console's tints for sentences.
_TINTS: Final = {"negative": "#F4CDA2", "positive": "#B4D3EF"}
_NO_TINT: Final = "#DCE2E8"


class Word(msgspec.Struct, frozen=True):
    """A word and what it carries."""

    text: str
    # Character offsets [start, end) into the text as given.
    start: int
    end: int
    # What the label's probability loses without this word alone.
    fall: float


class Telling(msgspec.Struct, frozen=True):
    """The sentence that carries the sentiment."""

    text: str
    start: int
    end: int
    # Of the text's sentiment, in the sentence alone.
    probability: float


class Explained(msgspec.Struct, frozen=True):
    """What one head says of the text, or of an entity in it, and by what."""

    head: str
    # The name asked about, of the head "entity" alone.
    entity: str | None
    # False where nothing of that name was read, so that the text as a whole was judged.
    read: bool
    label: str
    probability: float
    # The house's word for the probability.
    confidence: str
    words: list[Word]
    # Numbers in `words` of those that carry the label, and what it loses without them all.
    carriers: list[int]
    together: float
    # Only of a sentiment that is not neutral.
    sentence: Telling | None


class Report(msgspec.Struct, frozen=True):
    """All that is said of the text."""

    lang: str
    heads: list[Explained]
    model_version: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    text: Annotated[
        str | None, typer.Argument(help="The text; a headline has a line of its own.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the text from here.")] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option("--entity", help="Also how this one fares, by a name the text has for it."),
    ] = None,
    head: Annotated[
        str | None, typer.Option("--head", help="Only this one: topic, sentiment or entity.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    model: Model = None,
) -> None:
    """Say what a text is about and how bad it is, and which sentence and words say so."""
    from models.errors import ModelError

    names = entity or []
    heads = _heads(head, names)
    given = _given(text, file)
    places = _places(names, given)
    lang = _language(given)
    runtime = _runtime(model)
    try:
        found = runtime.explainer().explain(given, heads, places)
    except ModelError as error:
        raise CommandError(str(error)) from error
    asked = [*([None] * len(heads)), *names]
    told = [_told(runtime, given, *one) for one in zip(found, asked, strict=True)]
    report = Report(lang, told, runtime.model_id)
    if as_json:
        print(_json(report))
    else:
        _print(report, given)


def _heads(head: str | None, names: Sequence[str]) -> list[str]:
    """Those of the text itself; an entity's is asked by its name."""
    from models.labels import ENTITY, HEADS, LABELS

    if head is None:
        return list(HEADS)
    if head not in LABELS:
        raise CommandError(f"--head is {head!r}; choose {', '.join(LABELS)}.", exit_code=2)
    if (head == ENTITY) != bool(names):
        raise CommandError("--head entity and --entity NAME go together.", exit_code=2)
    return [] if head == ENTITY else [head]


def _places(names: Sequence[str], given: str) -> "list[Spans]":
    from models.mentions import find

    found = find(names, given)
    for name, places in zip(names, found, strict=True):
        if not places:
            raise CommandError(f"The text does not name {name!r}.", exit_code=2)
    return found


def _given(text: str | None, file: Path | None) -> str:
    if (text is None) == (file is None):
        raise CommandError('Give one text, as in: tocsin explain "text", or --file.', exit_code=2)
    found = text or ""
    if file is not None:
        try:
            with file.open(encoding="utf-8-sig") as lines:
                found = lines.read(_READ)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8; save it as UTF-8.") from error
    if not found.strip():
        raise CommandError("There is no text to explain.", exit_code=2)
    return found


def _scored(given: str) -> str:
    """What the scorer reads of a text whose first line is its headline."""
    from pipeline.scoring import text_of

    title, _, body = given.strip().partition("\n")
    return text_of(title, body)


def _language(given: str) -> str:
    from pipeline.language import SUPPORTED, detect

    lang = detect(_scored(given))
    if lang not in SUPPORTED:
        which = "a language that cannot be told" if lang == "und" else f"the language {lang!r}"
        raise CommandError(f"The text is in {which}; only English and Chinese are scored.")
    return lang


def _runtime(model: Path | None) -> "TorchRuntime":
    conf = settings.load()
    if conf.device == "stub":
        raise CommandError(
            "TOCSIN_DEVICE is stub, which cannot be explained; set it to auto, cpu or cuda."
        )
    from models.errors import ModelError
    from models.runtime.torch_runtime import load_torch

    try:
        return load_torch(conf.device, model or conf.model_dir, conf.cache / "base", "torch-fp32")
    except ModelError as error:
        raise CommandError(str(error)) from error


def _told(
    runtime: "TorchRuntime", given: str, found: "Explanation", entity: str | None
) -> Explained:
    return Explained(
        head=found.head,
        entity=entity,
        read=found.read,
        label=found.label,
        probability=found.probability,
        confidence=_confidence(found.probability),
        words=[
            Word(given[word.start : word.end], word.start, word.end, word.fall)
            for word in found.words
        ],
        carriers=list(found.carriers),
        together=found.together,
        sentence=_telling(runtime, given, found) if found.head == "sentiment" else None,
    )


def _telling(runtime: "TorchRuntime", given: str, found: "Explanation") -> Telling | None:
    from models.labels import SENTIMENTS
    from pipeline.entities.linker import Linker
    from pipeline.scoring import Scorer

    sentence = Scorer(runtime, Linker([])).sentence(_scored(given), found.label)
    if sentence is None:
        return None
    start = given.index(sentence.text)
    probability = sentence.sentiment_probs[SENTIMENTS.index(found.label)]
    return Telling(sentence.text, start, start + len(sentence.text), probability)


def _confidence(probability: float) -> str:
    """The house's word for a probability, in English."""
    from pipeline.alerts.phrases import Phrases
    from pipeline.wording.clock import Clock
    from pipeline.wording.words import Words

    words = Words("en")
    clock = Clock(settings.load().zone, words, datetime.now(UTC))
    return Phrases(words, clock).confidence(probability)


def _json(report: Report) -> str:
    """What a terminal would obey is escaped; Chinese is left readable."""
    line = json.dumps(msgspec.to_builtins(report), ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def _print(report: Report, given: str) -> None:
    from rich.console import Console

    from pipeline.wording.words import signed

    console = Console()
    for one in report.heads:
        whose = f"{plain(one.entity)}: " if one.entity else ""
        print(f"{one.head:10} {whose}{one.label}   {one.confidence} {_shown(one.probability)}")
        if not one.read:
            print("  not read   the name is in no part that was read: this is of the whole text")
        if told := one.sentence:
            sure = f"{_confidence(told.probability)} {_shown(told.probability)}"
            print(f"  sentence   {plain(told.text)}   {sure}")
        carrying = [one.words[number] for number in one.carriers]
        named = _figures(carrying[:_CARRYING])
        print(f"  carried by {named}   together {signed(one.together)}")
        against = sorted(one.words, key=lambda word: word.fall)[:_AGAINST]
        if against := [word for word in against if word.fall <= -_LEAST]:
            print(f"  against    {_figures(against)}")
        if console.is_terminal:
            console.print(_highlighted(given, one, carrying))
    print(f"{report.model_version}, {report.lang}. Machine-scored, not verified.")


def _shown(probability: float) -> str:
    """Rounded down: 0.949 is "likely", and 0.95 would be "almost certain"."""
    return f"{math.floor(probability * 100) / 100:.2f}"


def _figures(words: Sequence[Word]) -> str:
    """`misses +0.42, coupon −0.03`."""
    from pipeline.wording.words import signed

    return ", ".join(f"{plain(word.text)} {signed(word.fall)}" for word in words)


def _highlighted(given: str, one: Explained, carrying: Sequence[Word]) -> "Text":
    """The text as far as it was read, the words that carry the label tinted and underlined."""
    from rich.text import Text

    end = one.words[-1].end if one.words else 0
    shown = Text(plain(given[:end], lines=True) + (" …" if given[end:].strip() else ""))
    for word in carrying:
        shown.stylize(f"underline black on {_TINTS.get(one.label, _NO_TINT)}", word.start, word.end)
    return shown
