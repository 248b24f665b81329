"""Which articles tell one story: near-duplicates by MinHash, told from mere likeness.

A. Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
"""

import hashlib
import re
from datetime import timedelta
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from pipeline.folding import fold

Signature = NDArray[np.uint32]
StoryKind = Literal["report", "denial", "correction"]

PERMUTATIONS: Final = 128
# 32 bands of 4 rows make a pair with resemblance 0.5 a candidate with probability 0.87; what
# joins is then decided by the whole signature.
BANDS: Final = 32
_ROWS: Final = PERMUTATIONS // BANDS
# Share of equal signature entries from which two texts are one story.
SAME_STORY: Final = 0.5
# Copies come within this time of the story's latest article.
REACH: Final = timedelta(hours=72)

_SEED: Final = 20_261_122
_WINDOW: Final = 4_000
_WORD: Final = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]")

_CORRECTION: Final = re.compile(
    r"^\W*(correction|corrected|clarification|retraction)\b|^\W*(更正|勘误|致歉|更正啟事)",
    re.IGNORECASE,
)
_DENIAL: Final = re.compile(
    r"\b(denies|denied|deny|refutes|rebuts|dismisses (the )?(rumou?r|report)s?)\b"
    r"|澄清公告|澄清|辟谣|闢謠|否认|否認|不实传闻|不實傳聞",
    re.IGNORECASE,
)
# Who else denies: a court an appeal, a regulator a licence. That is news of its own.
_REFUSED: Final = re.compile(
    r"\b(court|judge|tribunal|regulator|appeal|licen[cs]e|approval|request|bail|petition|permit)\b",
    re.IGNORECASE,
)


def signature(title: str, body: str) -> Signature:
    """128 minima over pairs of neighbouring words (Chinese: of characters), uint32."""
    words = _WORD.findall(fold(f"{title} {body}"[:_WINDOW]))
    shingles = [f"{first} {second}" for first, second in pairwise(words)]
    minhash = RMinHash(num_perm=PERMUTATIONS, seed=_SEED)
    minhash.update(shingles or words or [title])
    return np.asarray(minhash.digest(), dtype=np.uint32)


def similarity(first: Signature, second: Signature) -> float:
    """Estimate of the resemblance of the two texts, 0 to 1, standard error at most 0.045."""
    return float(np.mean(first == second))


def band_keys(signed: Signature) -> list[int]:
    """One signed 64-bit key a band: texts that share one are candidates for one story."""
    little = signed.astype("<u4", copy=False).reshape(BANDS, _ROWS)
    return [
        int.from_bytes(
            hashlib.blake2b(number.to_bytes(1) + rows.tobytes(), digest_size=8).digest(),
            "little",
            signed=True,
        )
        for number, rows in enumerate(little)
    ]


def kind_of(title: str) -> StoryKind:
    """A denial or a correction speaks about earlier reports and never counts as a new bad one."""
    if _CORRECTION.search(title):
        return "correction"
    return "denial" if _DENIAL.search(title) and not _REFUSED.search(title) else "report"
