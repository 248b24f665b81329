"""The ways in which a CPU can compute one encoder, and which of them is the fastest here."""

import contextlib
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

import torch
from torch import nn
from transformers import PreTrainedModel

from models.runtime.packed import Packed, packs

_log = logging.getLogger(__name__)

Way = Literal["torch-fp32", "torch-bf16", "onnx-fp32"]

# What is computed to compare them: passes, tokens of each, seconds at least.
_PASSES, _TOKENS, _SECONDS = 16, 32, 0.7
# Where bfloat16 gains so much the CPU has instructions for it, and ONNX Runtime, which gains up to
# half, need not be tried: to make its file takes longer than all the rest.
_GAIN: Final = 1.5


def computed(encoder: PreTrainedModel, way: Way, digest: str, cache: Path) -> nn.Module:
    """`encoder`, which is changed or taken apart, as that way computes it.

    `digest` is that of its weights; by it the file that ONNX Runtime needs is kept in `cache`.
    """
    if way == "onnx-fp32":
        from models.runtime.onnx import onnx_encoder

        return onnx_encoder(encoder, cache / f"onnx-{digest[:16]}")
    dtype = torch.bfloat16 if way == "torch-bf16" else torch.float32
    plain: nn.Module = encoder
    return Packed(encoder, dtype) if packs(encoder) else plain.to(dtype)


def fastest(load: Callable[[Way], nn.Module], digest: str, cache: Path) -> Way:
    """The way that computes most passes a second on this machine.

    `load` gives the encoder as a way computes it; `digest` names the base it was trained on. What
    was found is kept in `cache`, so that only the first start measures: seconds, or half a minute
    where ONNX Runtime is tried. Programs that start at once may each measure.
    """
    file = cache / "fastest.json"
    here = f"{_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}, {digest}"
    known = _read(file)
    if here not in known:
        known[here] = _measured(load)
        # A cache that may only be read costs the next start these seconds again.
        with contextlib.suppress(OSError):
            _write(file, known)
    return known[here]


def _measured(load: Callable[[Way], nn.Module]) -> Way:
    rates: dict[Way, float] = {"torch-fp32": _rate(load("torch-fp32"))}
    for way in ("torch-bf16", "onnx-fp32"):
        try:
            rates[way] = _rate(load(way))
        except Exception as error:  # a processor without its instructions, an odd encoder
            _log.info("%s cannot be computed here: %s", way, error)
        if rates.get("torch-bf16", 0.0) >= _GAIN * rates["torch-fp32"]:
            break
    return max(rates, key=rates.__getitem__)


def _rate(encoder: nn.Module) -> float:
    """Passes a second."""
    ids = torch.ones(_PASSES, _TOKENS, dtype=torch.long)
    done = 0
    with torch.inference_mode():
        encoder(input_ids=ids, attention_mask=torch.ones_like(ids))
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < _SECONDS:
            encoder(input_ids=ids, attention_mask=torch.ones_like(ids))
            done += _PASSES
    return done / passed


def _processor() -> str:
    """What it is called; the kernel knows better than Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _read(file: Path) -> dict[str, Way]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = known if isinstance(known, dict) else {}
    return {here: way for here, way in known.items() if way in get_args(Way)}


def _write(file: Path, known: dict[str, Way]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        json.dump(known, opened, indent=1)
    Path(draft).chmod(0o644)
    Path(draft).replace(file)
