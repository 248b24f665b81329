"""What a classifier must beat: word counts, and the encoder as it was before training.

Both are runtimes like the trained one, so that all are measured by the same code: one logistic
regression a head, on the rows whose label is known for sure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from models.base import Base
from models.batching import Encoder, batches
from models.heads import mean_pool
from models.labels import ENTITY, HEADS, LABELS
from models.mentions import Clauses, Spans
from models.rows import Material
from models.runtime.protocol import EntityPrediction, Prediction

_BATCH_TOKENS: Final = 4096

# Texts with the entities asked about in each -> what the head of a text sees, a row a text, and
# what the head of an entity sees, a row an entity.
Features = Callable[[Sequence[str], Sequence[Sequence[Spans]]], tuple[Any, Any]]


@dataclass
class Baseline:
    """A logistic regression a head over fixed features; a runtime (models.runtime.protocol)."""

    model_id: str
    features: Features
    heads: Mapping[str, Any]
    labels: Mapping[str, Sequence[str]]
    weights_digest: str = ""

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        """One prediction a text, in order."""
        asked = mentions or [()] * len(texts)
        of_texts, of_entities = self.features(texts, asked)
        probs = {head: self._probs(head, of_texts) for head in self.labels if head != ENTITY}
        auxiliary = [head for head in probs if head not in HEADS]
        named = iter(self._probs(ENTITY, of_entities) if sum(map(len, asked)) else [])
        return [
            Prediction(
                probs["topic"][i],
                probs["sentiment"][i],
                None,
                tuple(EntityPrediction(next(named), read=True) for _ in asked[i]),
                {h: dict(zip(self.labels[h], probs[h][i], strict=True)) for h in auxiliary},
            )
            for i in range(len(texts))
        ]

    def _probs(self, head: str, features: Any) -> list[tuple[float, ...]]:
        model, names = self.heads[head], self.labels[head]
        found = np.zeros(
            (features.shape[0] if hasattr(features, "shape") else len(features), len(names))
        )
        found[:, [names.index(name) for name in model.classes_]] = model.predict_proba(features)
        return [tuple(row) for row in found.tolist()]


def word_counts(material: Material) -> Baseline:
    """TF-IDF of words and word pairs and of one to three characters; of an entity, its clauses."""

    def features(
        texts: Sequence[str], asked: Sequence[Sequence[Spans]]
    ) -> tuple[list[str], list[str]]:
        return list(texts), [
            _clauses(text, spans)
            for text, every in zip(texts, asked, strict=True)
            for spans in every
        ]

    def untrained() -> Any:
        return make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2),
                TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=3),
            ),
            LogisticRegression(C=10, max_iter=300),
        )

    return _fitted("TF-IDF", features, untrained, material)


def frozen_encoder(material: Material, base: Base, window: int) -> Baseline:
    """The mean of the pretrained encoder's vectors; of an entity, mention and clause beside it."""
    encoder = Encoder(base.tokenizer(), window, base.prefix)
    network = base.encoder()

    def features(
        texts: Sequence[str], asked: Sequence[Sequence[Spans]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        passes = encoder.passes(texts, asked)
        whole: dict[int, NDArray[np.float32]] = {}
        parts: dict[tuple[int, int], NDArray[np.float32]] = {}
        for rows in batches([len(one.ids) for one in passes], _BATCH_TOKENS):
            here = [passes[i] for i in rows]
            batch = encoder.batch(here, torch.device("cpu"))
            with torch.inference_mode():
                states = network(
                    input_ids=batch.input_ids, attention_mask=batch.attention_mask
                ).last_hidden_state
                pooled = mean_pool(states, batch.attention_mask).numpy()
                for row, one in enumerate(here):
                    if one.first:
                        whole[one.text] = pooled[row]
                    for slot, place in enumerate(one.places):
                        assert batch.places is not None
                        means = (batch.places[row, slot] @ states[row]).numpy()
                        parts[one.text, place.number] = np.concatenate([*means, pooled[row]])
        return (
            np.stack([whole[i] for i in range(len(texts))]),
            np.array([parts[i, n] for i, every in enumerate(asked) for n in range(len(every))]),
        )

    def untrained() -> Any:
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))

    return _fitted("frozen encoder", features, untrained, material)


def _fitted(
    name: str, features: Features, untrained: Callable[[], Any], material: Material
) -> Baseline:
    """One model a head, fitted on the training and development rows."""
    rows = [*material.fit, *material.dev]
    of_texts, of_entities = features(
        [row.text for row in rows], [[one.spans for one in row.entities] for row in rows]
    )
    entities = [one.sentiment for row in rows for one in row.entities]
    heads = {}
    for head in material.labels:
        seen = of_entities if head == ENTITY else of_texts
        known = entities if head == ENTITY else [row.labels.get(head) for row in rows]
        sure = {i: one.said[0] for i, one in enumerate(known) if one and len(one.said) == 1}
        taken = [seen[i] for i in sure]
        heads[head] = untrained().fit(taken, list(sure.values()))
    return Baseline(name, features, heads, {**LABELS, **material.auxiliary})


def _clauses(text: str, spans: Spans) -> str:
    cut = Clauses(text)
    clauses = dict.fromkeys(cut.around(*place) for place in spans)
    return " ".join(text[start:end] for start, end in clauses) or text
