"""What a classifier in training says of rows whose labels are known, head by head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.batching import Encoder, batches
from models.calibrate import by_language, softmax
from models.evaluate import Judged, macro_f1
from models.heads import Classifier
from models.labels import ENTITY, LABELS
from models.lessons import known, lessons
from models.rows import Row

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """What one head said of the rows of which its label is known, wholly or in part."""

    # [rows, labels]; minus infinity for a label that was not possible.
    logits: Floats
    # Index of the true label; where several may be true, of the likeliest of these, so that an
    # answer is right where it is one of them.
    truth: NDArray[np.int64]
    # Whether exactly one label may be true.
    sure: NDArray[np.bool_]
    languages: NDArray[np.str_]

    def temperatures(self) -> dict[str, float]:
        """The temperature of each language, from the rows that are sure."""
        sure = self.sure
        return by_language(self.logits[sure], self.truth[sure], self.languages[sure])

    def judged(self, temperatures: Mapping[str, float]) -> Judged:
        """With the probabilities that a temperature a language gives."""
        heat = np.array([temperatures[language] for language in self.languages.tolist()])
        return Judged(softmax(self.logits / heat[:, None]), self.truth, self.languages)


def judge(
    model: Classifier,
    encoder: Encoder,
    rows: Sequence[Row],
    labels: Mapping[str, Sequence[str]],
    batch_tokens: int,
) -> dict[str, Said]:
    """What the model says of rows, in float32; a head none of them labels is absent.

    Entities come as often as they are labelled, with the language of their text.
    """
    model.eval()
    device = next(model.parameters()).device
    found: dict[str, list[Said]] = {}
    every = lessons(encoder, rows)
    for chosen in batches([len(one.read.ids) for one in every], batch_tokens):
        here = [every[i] for i in chosen]
        with torch.inference_mode():
            outputs = model(encoder.batch([one.read for one in here], device))
        for head, logits in outputs.logits.items():
            what = known(here, head, labels[head], device)
            if what is None:
                continue
            asked = [one for one in here for _ in one.entities] if head == ENTITY else here
            logits = logits.float()[what.rows]
            likeliest = logits.masked_fill(~what.said, -torch.inf).argmax(dim=1)
            found.setdefault(head, []).append(
                Said(
                    logits.masked_fill(~what.among, -torch.inf).cpu().double().numpy(),
                    likeliest.cpu().numpy(),
                    (what.said.sum(dim=1) == 1).cpu().numpy(),
                    np.array([rows[asked[i].read.text].lang for i in what.rows.tolist()]),
                )
            )
    return {head: _joined(parts) for head, parts in found.items()}


def score(said: Mapping[str, Said]) -> float:
    """Mean macro-F1 of our heads, or of the auxiliary ones alone; 0 where nothing was judged."""
    counted = [head for head in said if head in LABELS] or list(said)
    figures = [macro_f1(said[head].logits, said[head].truth) for head in counted]
    return float(np.mean(figures or [0.0]))


def _joined(parts: Sequence[Said]) -> Said:
    return Said(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.sure for part in parts]),
        np.concatenate([part.languages for part in parts]),
    )
