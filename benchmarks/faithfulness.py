"""How well explanations name the words that decide: prints one JSON line of figures.

    python benchmarks/faithfulness.py                        500 predictions of the shipped model
    python benchmarks/faithfulness.py --method gradients     the same by integrated gradients

The words that an explanation names, a fifth of a text's pieces, are deleted, and so are words drawn
at random that have as many: `ratio` is how much more of the predicted label's probability the first
cost than the second, with a 95 % bootstrap interval over texts. `masked` is the same with words
replaced by the mask token, which no method here looks at.

Texts are of the sample newswire and, where ../shared/data is there, of sets that no shipped model
is trained on; half are English, half Chinese.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.artefact import load, read_manifest
from models.base import prepare
from models.batching import Encoder
from models.explain import Explainer, Floats, Reading, fill
from models.heads import Classifier
from models.labels import HEADS
from pipeline import settings
from pipeline.scoring import text_of

ARTICLES = settings.ROOT / "demo" / "newswire" / "articles"
SETS = settings.ROOT.parent / "shared" / "data"
# Of neither may a shipped model have seen a line: their licences do not allow it.
UNSEEN = {"en": ("fpb_clean",), "zh": ("wwwxmu_clean", "cfsc_absa_test")}
RESAMPLES = 2000
# Steps of integrated gradients, by the Gauss-Legendre rule.
STEPS = 64

# Per head, the words to delete from a text.
Method = Callable[[str], dict[str, Collection[int]]]


@dataclass(frozen=True)
class Masked(Reading):
    """A text whose words are masked instead of deleted."""

    mask: int

    def without(self, deleted: Collection[int]) -> list[int]:
        gone = {position for number in deleted for position in self.words[number].positions}
        return [self.mask if i in gone else one for i, one in enumerate(self.ids)]


@dataclass(frozen=True)
class Fall:
    """What one prediction lost."""

    text: int
    head: str
    lang: str
    # Of the label's probability, when the named words are deleted, when random ones are (the mean
    # of the draws), and the same for masking.
    named: float
    random: float
    named_masked: float
    random_masked: float


def main() -> None:
    arguments = _arguments()
    conf = settings.load()
    folder = arguments.model or conf.model_dir
    manifest = read_manifest(folder)
    base = prepare(manifest.base.name, manifest.base.revision, conf.cache / "base")
    tokenizer = base.tokenizer()
    encoder = Encoder(tokenizer, manifest.window, manifest.base.prefix)
    model = load(folder, manifest, base)
    explainer = Explainer(model, encoder, manifest.temperatures, arguments.batch)
    gradients = Gradients(model, explainer, tokenizer.mask_token_id)
    method = gradients.named if arguments.method == "gradients" else _by_deletion(explainer)
    each = -(-arguments.predictions // (len(HEADS) * len(UNSEEN)))
    rows = _texts(explainer, each, arguments.seed)
    falls: list[Fall] = []
    seconds = 0.0
    for number, (lang, text) in enumerate(rows):
        started = time.perf_counter()
        named = method(text)
        seconds += time.perf_counter() - started
        draws = random.Random(f"{arguments.seed} {number}")
        reading = explainer.read(text)
        losses = {
            masked: _losses(explainer, one, named, _drawn(reading, arguments.draws, draws))
            for masked, one in (
                (False, reading),
                (True, Masked(reading.ids, reading.words, reading.script, tokenizer.mask_token_id)),
            )
        }
        falls += [
            Fall(number, head, lang, *losses[False][head], *losses[True][head]) for head in HEADS
        ]
        print(f"\r{number + 1} of {len(rows)}", end="", file=sys.stderr, flush=True)
    told = {
        "model": manifest.model_id,
        "method": arguments.method,
        "seed": arguments.seed,
        "draws": arguments.draws,
        "texts": len(rows),
        "seconds_a_text": round(seconds / len(rows), 2),
        **_figures(falls),
        "by": {
            f"{head}, {lang}": _figures([x for x in falls if (x.head, x.lang) == (head, lang)])
            for head in HEADS
            for lang in UNSEEN
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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=32)
    return parser.parse_args()


def _texts(explainer: Explainer, each: int, seed: int) -> list[tuple[str, str]]:
    """`each` texts a language with the language, half of them newswire where there are sets."""
    draw = random.Random(seed)
    found: list[tuple[str, str]] = []
    for lang, names in UNSEEN.items():
        lines = (ARTICLES / f"{lang}.jsonl").read_text("utf-8").splitlines()
        articles = [json.loads(line) for line in lines]
        wire = [text_of(one["title"], "\n".join(one["body"])) for one in articles]
        pools = [wire, *(_set(SETS / f"{name}.jsonl") for name in names)]
        pools = [[text for text in pool if _long_enough(explainer, text)] for pool in pools]
        others = [text for pool in pools[1:] for text in draw.sample(pool, min(each, len(pool)))]
        mine = draw.sample(others, min(each // 2, len(others)))
        mine += draw.sample(pools[0], each - len(mine))
        found += [(lang, text) for text in mine]
    return found


def _set(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]


def _long_enough(explainer: Explainer, text: str) -> bool:
    """Of fewer than five pieces nothing is a fifth."""
    reading = explainer.read(text)
    return reading.size(range(len(reading.words))) >= 5


def _by_deletion(explainer: Explainer) -> Method:
    return lambda text: {found.head: found.carriers for found in explainer.explain(text)}


def _drawn(reading: Reading, draws: int, order: random.Random) -> list[list[int]]:
    numbers = range(len(reading.words))
    return [
        fill(reading, order.sample(numbers, len(numbers)), reading.room()) for _ in range(draws)
    ]


def _losses(
    explainer: Explainer,
    reading: Reading,
    named: dict[str, Collection[int]],
    drawn: list[list[int]],
) -> dict[str, tuple[float, float]]:
    """A head, what the named words and what the drawn ones cost its label."""
    probs = explainer.probabilities(reading, [(), *(named[head] for head in HEADS), *drawn])
    found = {}
    for number, head in enumerate(HEADS):
        label = probs[head][0].argmax()
        lost = probs[head][0, label] - probs[head][:, label]
        found[head] = float(lost[1 + number]), float(lost[1 + len(HEADS) :].mean())
    return found


def _figures(falls: list[Fall]) -> dict[str, Any]:
    """Mean falls, and their ratios with intervals; the texts are resampled, not the predictions."""
    texts = sorted({one.text for one in falls})
    sums = np.zeros((len(texts), 4))
    for one in falls:
        losses = one.named, one.random, one.named_masked, one.random_masked
        sums[texts.index(one.text)] += losses
    samples = np.random.default_rng(0).integers(0, len(texts), size=(RESAMPLES, len(texts)))
    spread = sums[samples].sum(axis=1)
    named, drawn, *_ = sums.sum(axis=0) / len(falls)
    return {
        "predictions": len(falls),
        "named": round(float(named), 3),
        "random": round(float(drawn), 3),
        "ratio": _ratio(sums[:, :2].sum(axis=0), spread[:, :2]),
        "masked": _ratio(sums[:, 2:].sum(axis=0), spread[:, 2:]),
    }


def _ratio(total: Floats, spread: Floats) -> list[float]:
    """Value, low, high. Random words that cost nothing at all give infinity."""
    with np.errstate(divide="ignore"):
        ratios = np.where(spread[:, 1] > 0, spread[:, 0] / spread[:, 1], np.inf)
        value = total[0] / total[1] if total[1] > 0 else np.inf
    low, high = np.quantile(ratios, (0.025, 0.975), method="nearest")
    return [round(float(one), 2) for one in (value, low, high)]


class Gradients:
    """Integrated gradients over the word embeddings, from a text of mask tokens.

    Sundararajan et al., Axiomatic Attribution for Deep Networks, ICML 2017.
    """

    def __init__(self, model: Classifier, explainer: Explainer, mask: int) -> None:
        self._model = model
        self._explainer = explainer
        self._mask = mask
        # How far, of a prediction, the attributions are from adding up, as a share of their sum.
        self.gaps: list[float] = []

    def named(self, text: str) -> dict[str, Collection[int]]:
        """The words with the greatest attributions, a head."""
        reading = self._explainer.read(text)
        probs = self._explainer.probabilities(reading, [()])
        found = {}
        for head in HEADS:
            weights = self._weights(reading, head, int(probs[head][0].argmax()))
            order = np.argsort(-weights, kind="stable").tolist()
            found[head] = fill(reading, order, reading.room())
        return found

    def _weights(self, reading: Reading, head: str, label: int) -> Floats:
        from captum.attr import LayerIntegratedGradients

        def answer(ids: Tensor, mask: Tensor) -> Tensor:
            return self._model(ids, mask).logits[head].log_softmax(dim=1)[:, label]

        every = Masked(reading.ids, reading.words, reading.script, self._mask)
        baseline = every.without(range(len(reading.words)))
        method = LayerIntegratedGradients(answer, self._model.encoder.get_input_embeddings())
        gradients, gap = method.attribute(
            torch.tensor([reading.ids]),
            torch.tensor([baseline]),
            additional_forward_args=(torch.ones(1, len(reading.ids), dtype=torch.long),),
            n_steps=STEPS,
            internal_batch_size=16,
            return_convergence_delta=True,
        )
        pieces = gradients[0].sum(dim=-1).detach().double().numpy()
        self.gaps.append(abs(float(gap)) / max(abs(float(pieces.sum())), 1e-6))
        return np.array([pieces[list(word.positions)].sum() for word in reading.words])


if __name__ == "__main__":
    main()
