"""A keyword classifier with the promises of a real runtime: for tests, not for judgement."""

import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from models.labels import SENTIMENTS, TOPICS
from models.mentions import Clauses, Spans
from models.runtime.protocol import EntityPrediction, Prediction

_KEYWORDS: Final = Path(__file__).with_name("keywords.toml")
# Characters read of a text; keywords further down are not seen.
_READ: Final = 4000
# Log-odds one found keyword adds to its class: one keyword gives a sentiment about 0.8.
_WEIGHT: Final = 2.0
# The class a text without any keyword falls to, and the log-odds it starts with.
_PRIOR: Final = {"neutral": 0.5, "other_finance": 0.5}


class StubRuntime:
    """Counts keywords. Same text, same answer, on every machine; it has no sentence vector."""

    tells_events = False

    def __init__(self) -> None:
        raw = _KEYWORDS.read_bytes()
        lists = tomllib.loads(raw.decode("utf-8"))
        self.weights_digest: str = hashlib.sha256(raw).hexdigest()
        self.model_id: str = f"tocsin-stub-{self.weights_digest[:8]}"
        self._topics = [_pattern(lists["topic"][name]) for name in TOPICS]
        self._sentiments = [_pattern(lists["sentiment"].get(name, ())) for name in SENTIMENTS]

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        """One prediction a text, in order; an entity is judged by its clauses."""
        asked = mentions or [()] * len(texts)
        return [self._one(text, spans) for text, spans in zip(texts, asked, strict=True)]

    def read(self) -> tuple[int, int]:
        """It reads no tokens."""
        return 0, 0

    def _one(self, text: str, asked: Sequence[Spans]) -> Prediction:
        head = text[:_READ].casefold()
        return Prediction(
            topic_probs=_probabilities(head, TOPICS, self._topics),
            sentiment_probs=self._sentiment(head),
            vector=None,
            entities=tuple(self._entity(text, spans) for spans in asked),
        )

    def _entity(self, text: str, spans: Spans) -> EntityPrediction:
        cut = Clauses(text[:_READ])
        places = [place for place in spans if 0 <= place[0] < place[1] <= len(text[:_READ])]
        clauses = dict.fromkeys(cut.around(*place) for place in places)
        said = " ".join(text[start:end] for start, end in clauses) or text[:_READ]
        return EntityPrediction(self._sentiment(said.casefold()), bool(places))

    def _sentiment(self, text: str) -> tuple[float, ...]:
        return _probabilities(text, SENTIMENTS, self._sentiments)


def _pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = [
        (r"(?<![a-z0-9])" if word.isascii() else "") + re.escape(word.casefold())
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(alternatives)) if alternatives else None


def _probabilities(
    text: str, names: Sequence[str], patterns: Sequence[re.Pattern[str] | None]
) -> tuple[float, ...]:
    logits = [
        _PRIOR.get(name, 0.0)
        # Past eight keywords nothing changes, so that exp cannot overflow.
        + _WEIGHT * min(len(set(pattern.findall(text))) if pattern else 0, 8)
        for name, pattern in zip(names, patterns, strict=True)
    ]
    shares = [math.exp(logit) for logit in logits]
    total = sum(shares)
    return tuple(share / total for share in shares)
