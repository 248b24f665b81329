"""How far each way of computing the shipped model is from float32: prints a Markdown table.

    python benchmarks/precision.py --texts FILE.jsonl [--texts FILE.jsonl …] [--rows 250]

Up to `--rows` texts of each file, drawn with seed 0. Beside the ways that Tocsin uses stands one
that it does not: ONNX Runtime with weights and activations in eight bits. Rates are of this run,
one way after the other.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnxruntime.quantization import QuantType, quantize_dynamic
from texts import lines

from models.artefact import load, read_manifest
from models.base import prepare
from models.batching import Encoder
from models.config import load_config
from models.runtime import onnx
from models.runtime.cpu import computed
from models.runtime.protocol import Prediction
from models.runtime.torch_runtime import TorchRuntime, load_torch
from pipeline import settings


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=Path, action="append", required=True)
    parser.add_argument("--rows", type=int, default=250)
    given = parser.parse_args()
    texts = [text for path in given.texts for text in _drawn(path, given.rows)]
    conf = settings.load()
    cache = conf.cache / "base"
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], TorchRuntime]] = {
            "torch-fp32": lambda: load_torch("cpu", conf.model_dir, cache, "torch-fp32"),
            "torch-bf16": lambda: load_torch("cpu", conf.model_dir, cache, "torch-bf16"),
            "onnx-fp32": lambda: load_torch("cpu", conf.model_dir, cache, "onnx-fp32"),
            "onnx-int8 (not used)": lambda: _int8(conf, Path(folder)),
        }
        said: dict[str, list[Prediction]] = {}
        print(f"{len(texts)} texts.\n")
        print("| way | texts/s | same topic | same sentiment | furthest probability |")
        print("|---|---|---|---|---|")
        for name, load_way in ways.items():
            runtime = load_way()
            runtime.score(texts[:32])
            began = time.perf_counter()
            said[name] = runtime.score(texts)
            rate = len(texts) / (time.perf_counter() - began)
            print(f"| {name} | {rate:.0f} | {_nearness(said[name], said['torch-fp32'])} |")


def _drawn(path: Path, rows: int) -> list[str]:
    every = lines(path)
    return [one["text"] for one in random.Random(0).sample(every, min(rows, len(every)))]


def _int8(conf: settings.Settings, folder: Path) -> TorchRuntime:
    manifest = read_manifest(conf.model_dir)
    base = prepare(manifest.base.name, manifest.base.revision, conf.cache / "base")
    model = load(conf.model_dir, manifest, base)
    words = model.encoder.get_input_embeddings()
    computed(model.encoder, "onnx-fp32", manifest.weights_digest, folder)
    (file,) = folder.glob("onnx-*/*.onnx")
    small = folder / "int8.onnx"
    quantize_dynamic(file, small, per_channel=True, weight_type=QuantType.QInt8)
    model.encoder = onnx.OnnxEncoder(words, small)
    encoder = Encoder(base.tokenizer(), manifest.window, manifest.base.prefix)
    return TorchRuntime(model, manifest, encoder, load_config().runtime.cpu_tokens)


def _nearness(some: list[Prediction], other: list[Prediction]) -> str:
    cells, furthest = [], 0.0
    for head in ("topic_probs", "sentiment_probs"):
        one, two = (np.array([getattr(x, head) for x in said]) for said in (some, other))
        cells.append(f"{np.mean(one.argmax(axis=1) == two.argmax(axis=1)):.2%}")
        furthest = max(furthest, float(np.abs(one - two).max()))
    return f"{' | '.join(cells)} | {furthest:.3f}"


if __name__ == "__main__":
    main()
