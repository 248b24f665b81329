"""How well explanations name the words that decide: prints one JSON line of figures.

    python benchmarks/faithfulness.py --sets FOLDER        500 predictions of the shipped model
    python benchmarks/faithfulness.py --method gradients   the same by integrated gradients

The words that an explanation names, a fifth of a text's pieces, are deleted, and so are words drawn
at random that have as many: `ratio` is how much more of the predicted label's probability the first
cost than the second, with a 95 % bootstrap interval over texts. `moved` is the same of how far the
probability moves either way, and `masked` of what it loses when words are replaced by the mask
token, which no method here looks at. Of an entity's name nothing is deleted.

There are as many predictions of each head and language. Half are of the sample newswire, headline
and first paragraph; with --sets the others are of rows that the model's mixture holds out, of each
set as many, else all are newswire.

500 predictions take about 35 minutes of one core, half of that on two; --predictions 48 gives a
first idea in four.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
from gradients import Gradients, Masked

from models.artefact import Manifest, load, read_manifest
from models.base import prepare
from models.batching import Encoder
from models.explain import Explainer, Floats, Reading, fill
from models.labels import ENTITY, LABELS
from models.mentions import Spans
from models.runtime.torch_runtime import TorchRuntime
from models.sets.material import places, unseen
from models.sets.row import OWN
from pipeline import settings
from pipeline.cli.mixtures import CORPUS, assembled
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers

NEWSWIRE: Final = settings.ROOT / "demo" / "newswire"
LANGUAGES: Final = ("en", "zh")
# Of a text with fewer pieces to delete nothing is a fifth.
LEAST: Final = 5
RESAMPLES: Final = 2000
# What is told of each comparison, in the order of the columns of `Loss.moved`.
TOLD: Final = ("ratio", "moved", "masked")


@dataclass(frozen=True)
class Text:
    """A text that the model has not learned from, and the entities in it."""

    # "newswire", or the name of a public set.
    source: str
    lang: str
    text: str
    entities: Sequence[Spans]


@dataclass(frozen=True)
class Question:
    """One prediction."""

    head: str
    of: Text
    # One of the text's entities for the entity head, else none.
    asked: list[Spans]
    reading: Reading


@dataclass(frozen=True)
class Loss:
    """What a prediction lost of its label's probability without some of its words."""

    question: Question
    # [comparisons, 2]: without the named words, and the mean over draws without random ones.
    moved: Floats


def main() -> None:
    arguments = _arguments()
    conf = settings.load()
    folder = arguments.model or conf.model_dir
    manifest = read_manifest(folder)
    base = prepare(manifest.base.name, manifest.base.revision, conf.cache / "base")
    tokenizer, model = base.tokenizer(), load(folder, manifest, base)
    encoder = Encoder(tokenizer, manifest.window, manifest.base.prefix)
    explainer = TorchRuntime(model, manifest, encoder, arguments.tokens).explainer()
    gradients = Gradients(model, encoder, explainer, tokenizer.mask_token_id)
    find: Callable[[Question], Sequence[int]] = (
        partial(_attributed, gradients)
        if arguments.method == "gradients"
        else partial(_named, explainer)
    )
    heads = [head for head in LABELS if head in manifest.labels]
    questions = _questions(explainer, _texts(manifest, arguments), heads, arguments)
    losses: list[Loss] = []
    started = time.perf_counter()
    for number, question in enumerate(questions):
        drawn = _drawn(question.reading, arguments.draws, f"{arguments.seed} {number}")
        deletions = [find(question), *drawn]
        losses.append(_loss(explainer, question, tokenizer.mask_token_id, deletions))
        print(f"\r{number + 1} of {len(questions)}", end="", file=sys.stderr, flush=True)
    told: dict[str, Any] = {
        "model": manifest.model_id,
        "method": arguments.method,
        "seed": arguments.seed,
        "draws": arguments.draws,
        "seconds": round(time.perf_counter() - started),
        **_figures(losses),
        "by": {
            f"{x}, {lang}": _figures(_some(losses, x, lang)) for x in heads for lang in LANGUAGES
        },
    }
    if gradients.gaps:
        told["gap"] = [round(float(x), 3) for x in np.quantile(gradients.gaps, (0.5, 0.95))]
    print(json.dumps(told))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--predictions", type=int, default=500)
    parser.add_argument("--method", choices=["deletion", "gradients"], default="deletion")
    parser.add_argument("--draws", type=int, default=5, help="random deletions a prediction")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--sets", type=Path, help="folder with the public sets")
    parser.add_argument("--fold", type=int, default=0, help="as the model was trained")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=4096)
    return parser.parse_args()


def _texts(manifest: Manifest, arguments: argparse.Namespace) -> list[Text]:
    linker = Linker(read_issuers([NEWSWIRE / "issuers.csv"]))
    found = []
    for lang in LANGUAGES:
        for line in (NEWSWIRE / "articles" / f"{lang}.jsonl").read_text("utf-8").splitlines():
            article = json.loads(line)
            title, lead = article["title"], article["body"][0]
            mentions = [mention.spans for mention in linker.link(title, lead)]
            found.append(Text("newswire", lang, f"{title}\n{lead}", mentions))
    if arguments.sets:
        learned = manifest.training.data
        mixed = learned != "corpus"
        rows = assembled(learned if mixed else "open", arguments.sets, CORPUS, arguments.fold)
        if mixed:
            unseen(manifest, learned, rows)
        # A model of our own lines alone has seen them all.
        found += [
            Text(row.set, row.lang, row.text, places(row))
            for row in rows.test
            if mixed or row.set != OWN
        ]
    return found


def _questions(
    explainer: Explainer, texts: Sequence[Text], heads: Sequence[str], arguments: argparse.Namespace
) -> list[Question]:
    """As many of each head and language, sets by turns."""
    each = -(-arguments.predictions // (len(heads) * len(LANGUAGES)))
    found = []
    for head in heads:
        for lang in LANGUAGES:
            order = random.Random(f"{arguments.seed} {head} {lang}")
            mine = [x for x in texts if x.lang == lang and (x.entities or head != ENTITY)]
            wire = [text for text in mine if text.source == "newswire"]
            sets = [text for text in mine if text.source != "newswire"]
            some = _by_turns(explainer, head, sets, order, each // 2)
            found += some + _by_turns(explainer, head, wire, order, each - len(some))
    return found


def _by_turns(
    explainer: Explainer, head: str, texts: Sequence[Text], order: random.Random, count: int
) -> list[Question]:
    pools: dict[str, list[Text]] = {}
    for text in order.sample(texts, len(texts)):
        pools.setdefault(text.source, []).append(text)
    found: list[Question] = []
    for turn in zip_longest(*(pools[source] for source in sorted(pools))):
        for text in turn:
            if len(found) == count:
                return found
            if text and (question := _question(explainer, head, text, order)):
                found.append(question)
    return found


def _question(explainer: Explainer, head: str, text: Text, order: random.Random) -> Question | None:
    """None where the text is too short."""
    asked = [order.choice(text.entities)] if head == ENTITY else []
    reading = explainer.read(text.text, asked)[-1]
    fit = reading.size(range(len(reading.words))) >= LEAST
    return Question(head, text, asked, reading) if fit else None


def _named(explainer: Explainer, question: Question) -> Sequence[int]:
    heads = [] if question.asked else [question.head]
    return explainer.explain(question.of.text, heads, question.asked)[0].carriers


def _attributed(gradients: Gradients, question: Question) -> Sequence[int]:
    return gradients.carriers(question.reading, question.head)


def _drawn(reading: Reading, draws: int, seed: str) -> Iterator[list[int]]:
    """Words in random order, as many pieces of them as an explanation may name."""
    order, numbers = random.Random(seed), range(len(reading.words))
    for _ in range(draws):
        yield fill(reading, order.sample(numbers, len(numbers)), reading.room())


def _loss(
    explainer: Explainer, question: Question, mask: int, deletions: Sequence[Sequence[int]]
) -> Loss:
    """The first deletion is of the named words, the others are random."""

    def lost(reading: Reading) -> Floats:
        probs = explainer.probabilities(reading, [(), *deletions])[question.head]
        label = probs[0].argmax()
        found: Floats = probs[0, label] - probs[1:, label]
        return found

    deleted = lost(question.reading)
    masked = lost(Masked.of(question.reading, mask))
    every = (deleted, np.abs(deleted), masked)
    return Loss(question, np.array([[one[0], one[1:].mean()] for one in every]))


def _some(losses: Sequence[Loss], head: str, lang: str) -> list[Loss]:
    return [x for x in losses if (x.question.head, x.question.of.lang) == (head, lang)]


def _figures(losses: Sequence[Loss]) -> dict[str, Any]:
    """Mean falls, and ratios with intervals; the texts are resampled, not the predictions."""
    texts = sorted({loss.question.of.text for loss in losses})
    sums = np.zeros((len(texts), len(TOLD), 2))
    for loss in losses:
        sums[texts.index(loss.question.of.text)] += loss.moved
    samples = np.random.default_rng(0).integers(0, len(texts), size=(RESAMPLES, len(texts)))
    total, spread = sums.sum(axis=0), sums[samples].sum(axis=1)
    named, drawn = (total[0] / len(losses)).tolist()
    return {
        "predictions": len(losses),
        "named": round(named, 3),
        "random": round(drawn, 3),
        **{name: _ratio(total[i], spread[:, i]) for i, name in enumerate(TOLD)},
    }


def _ratio(total: Floats, spread: Floats) -> list[float | None]:
    """Value, low, high; None for a ratio to random words that cost nothing at all."""
    with np.errstate(divide="ignore"):
        ratios = np.where(spread[:, 1] > 0, spread[:, 0] / spread[:, 1], np.inf)
        value = total[0] / total[1] if total[1] > 0 else np.inf
    low, high = np.quantile(ratios, (0.025, 0.975), method="nearest")
    return [round(float(one), 2) if np.isfinite(one) else None for one in (value, low, high)]


if __name__ == "__main__":
    main()
