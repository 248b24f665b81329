"""How fast the classifier runs on this machine: prints one JSON line.

    python benchmarks/engine.py [--headlines FILE.jsonl …] [--rounds 5]

Beside it stands the ordinary way, a Hugging Face `pipeline` over the same encoder in float32 with
one head, which gets the texts as they come: at batch 1 and at batch 32. Both take turns; a ratio
is the median of those of single rounds. Ours gives every head and the story vector. `efficiency` is
the share of a large matrix product's operations a second, in the same type, that the encoder's
own amount to. Without `--headlines` the sample newswire's are read.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from texts import lines, newswire
from transformers import AutoModelForSequenceClassification, pipeline
from transformers.utils import logging

from models.artefact import read_manifest
from models.base import Base, prepare
from models.runtime.torch_runtime import TorchRuntime, load_torch
from pipeline import settings

LENGTHS = (32, 64, 128, 256)
SIDE = 2048
HEADLINES = 640


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--headlines", type=Path, nargs="+", default=[], help="lines with a text")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    logging.set_verbosity_error()
    conf = settings.load()
    cache = conf.cache / "base"
    manifest = read_manifest(conf.model_dir)
    base = prepare(manifest.base.name, manifest.base.revision, cache)
    engine = load_torch("cpu", conf.model_dir, cache)
    found: dict[str, Any] = {
        "model": manifest.model_id,
        "base_parameters": manifest.base.parameters,
        "way": engine.way,
        "threads": torch.get_num_threads(),
    }
    headlines = _headlines(given.headlines)
    sets = {"headlines": headlines} | {str(n): _long(base, headlines, n) for n in LENGTHS}
    compared = Compared(engine, Ordinary(base, manifest.window), base, given.rounds)
    for name, texts in sets.items():
        found[name] = compared.over(texts)
    print(json.dumps(found))


class Ordinary:
    """A pipeline with one head of three labels."""

    def __init__(self, base: Base, window: int) -> None:
        model = AutoModelForSequenceClassification.from_pretrained(
            base.folder, num_labels=3, trust_remote_code=False, use_safetensors=True
        )
        self._prefix = base.prefix
        self._pipe = pipeline("text-classification", model=model, tokenizer=base.tokenizer())
        self._cut = {"truncation": True, "max_length": window}

    def score(self, texts: Sequence[str], batch: int) -> None:
        """As its documentation shows it."""
        self._pipe([self._prefix + text for text in texts], batch_size=batch, **self._cut)


class Compared:
    """The engine, the ordinary way and a large matrix product, in turns."""

    def __init__(self, engine: TorchRuntime, ordinary: Ordinary, base: Base, rounds: int) -> None:
        self._engine, self._ordinary, self._rounds = engine, ordinary, rounds
        linear = [m for m in base.encoder().modules() if isinstance(m, torch.nn.Linear)]
        # Of the encoder's matrix products, for one token.
        self._operations = sum(2 * m.weight.numel() for m in linear)
        kind = torch.bfloat16 if engine.way == "torch-bf16" else torch.float32
        self._matrix = torch.randn(SIDE, SIDE, dtype=kind)

    def over(self, texts: list[str]) -> dict[str, Any]:
        """Figures of some texts."""
        few = texts[:32]
        self._engine.score(few)
        self._ordinary.score(few, 32)
        before = self._engine.read()
        product, ours, one, many = [], [], [], []
        for _ in range(self._rounds):
            product.append(self._product())
            ours.append(len(texts) / _took(lambda: self._engine.score(texts)))
            many.append(len(texts) / _took(lambda: self._ordinary.score(texts, 32)))
            one.append(len(few) / _took(lambda: self._ordinary.score(few, 1)))
        read, computed = (a - b for a, b in zip(self._engine.read(), before, strict=True))
        tokens = read / self._rounds / len(texts)
        done = [rate * tokens * self._operations for rate in ours]
        return {
            "texts": len(texts),
            "tokens_a_text": round(tokens, 1),
            "texts_a_second": round(statistics.median(ours), 1),
            "padding": round(1 - read / computed, 4),
            "times_batch_32": _ratio(ours, many),
            "times_batch_1": _ratio(ours, one),
            "efficiency": _ratio(done, product),
        }

    def _product(self) -> float:
        """Operations a second."""
        with torch.inference_mode():
            took = _took(lambda: [self._matrix @ self._matrix for _ in range(4)])
        return float(4 * 2 * SIDE**3 / took)


def _ratio(some: list[float], other: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(some, other, strict=True)), 2)


def _took(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _headlines(files: Sequence[Path]) -> list[str]:
    """As many of each file, in no order."""
    rng = random.Random(0)
    if not files:
        found = [one["title"] for _, one in newswire()]
    else:
        share = HEADLINES // len(files)
        found = [one["text"] for file in files for one in rng.sample(lines(file), share)]
    return rng.sample(found, len(found))


def _long(base: Base, headlines: Sequence[str], tokens: int) -> list[str]:
    """Texts that are so many tokens long, or a little more."""
    tokenizer, rng = base.tokenizer(), random.Random(0)
    found = []
    for _ in range(max(32, 4096 // tokens)):
        text = ""
        while len(tokenizer(base.prefix + text)["input_ids"]) < tokens:
            text = f"{text} {rng.choice(headlines)}".strip()
        found.append(text)
    return found


if __name__ == "__main__":
    main()
