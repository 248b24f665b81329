"""From texts to padded tensors, short texts with short ones to compute little on padding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from models.mentions import Spans
from models.reading import Asked, Pass, Tokens, Traced, passes, traced
from models.text import Cleaner, cleaner


@dataclass(frozen=True)
class Batch:
    """Passes side by side, as the classifier takes them."""

    # [passes, tokens]; the mask is 1 where there is a token.
    input_ids: Tensor
    attention_mask: Tensor
    # [passes, entities, 2, tokens]: what each token weighs in the mean over an entity's mention (0)
    # and clause (1); sums to 1 where an entity is asked about. None where there is no entity.
    places: Tensor | None = None
    # [passes, entities]: whether there is an entity.
    asked: Tensor | None = None


class Encoder:
    """Texts to token ids, at most `window` of them, special tokens included.

    `prefix` is put before every text: some encoders were taught with one.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, window: int, prefix: str) -> None:
        self._tokenizer = tokenizer
        self._window = window
        self._prefix = prefix
        self._clean: Cleaner = cleaner(tokenizer.all_special_tokens, window)
        self._pad: int = tokenizer.pad_token_id

    def passes(self, texts: Sequence[str], entities: Sequence[Sequence[Spans]]) -> list[Pass]:
        """How to read each text so that its entities are read too, text by text.

        One pass a text where it fits the window. Else the first pass has headline, lead and the
        sentences that name the entities as far as they fit, and further ones have the rest. An
        empty text has the prefix alone.
        """
        plain = [i for i, asked in enumerate(entities) if not asked]
        asking = [i for i, asked in enumerate(entities) if asked]
        found: dict[int, list[Pass]] = {}
        for i, ids in zip(plain, self._ids([texts[i] for i in plain]), strict=True):
            found[i] = [Pass(i, True, tuple(ids), ())]
        asked_all = [Asked.of(texts[i], entities[i], self._clean) for i in asking]
        for i, asked, tokens in zip(asking, asked_all, self._tokens(asked_all), strict=True):
            found[i] = passes(i, asked, tokens, self._window)
        return [one for i in range(len(texts)) for one in found[i]]

    def traced(self, text: str, entities: Sequence[Spans]) -> list[Traced]:
        """How `passes` reads one text, and where in it each token stands. Slower."""
        asked = Asked.of(text, entities, self._clean)
        (tokens,) = self._tokens([asked])
        return traced(asked, tokens, self._window)

    def batch(self, rows: Sequence[Pass], device: torch.device) -> Batch:
        """The tensors of some passes."""
        width = max(len(row.ids) for row in rows)
        tokens = torch.tensor([[*row.ids, *[self._pad] * (width - len(row.ids))] for row in rows])
        lengths = torch.tensor([len(row.ids) for row in rows])
        mask = (torch.arange(width)[None, :] < lengths[:, None]).long()
        entities = max(len(row.places) for row in rows)
        if not entities:
            return Batch(tokens.to(device), mask.to(device))
        places = np.zeros((len(rows), entities, 2, width), dtype=np.float32)
        asked = torch.zeros(len(rows), entities, dtype=torch.bool)
        for i, row in enumerate(rows):
            for j, place in enumerate(row.places):
                asked[i, j] = True
                # What was not read is judged by the mean over the whole pass.
                places[i, j, 0, list(place.mention) or slice(len(row.ids))] = 1
                places[i, j, 1, list(place.clause) or slice(len(row.ids))] = 1
        places /= np.maximum(places.sum(axis=3, keepdims=True), 1)
        return Batch(
            tokens.to(device),
            mask.to(device),
            torch.from_numpy(places).to(device),
            asked.to(device),
        )

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        if not texts:
            return []
        found: list[list[int]] = self._tokenizer(
            [self._prefix + self._clean(text) for text in texts],
            truncation=True,
            max_length=self._window,
            return_attention_mask=False,
        )["input_ids"]
        return found

    def _tokens(self, asked: Sequence[Asked]) -> list[Tokens]:
        if not asked:
            return []
        found = self._tokenizer(
            [self._prefix + one.cleaned.text for one in asked],
            return_attention_mask=False,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            verbose=False,
        )
        return [
            self._framed(*row)
            for row in zip(
                found["input_ids"],
                found["offset_mapping"],
                found["special_tokens_mask"],
                strict=True,
            )
        ]

    def _framed(self, ids: list[int], offsets: list[tuple[int, int]], special: list[int]) -> Tokens:
        places = np.array(offsets, dtype=np.int64).reshape(-1, 2)
        own = np.flatnonzero((np.array(special) == 0) & (places[:, 1] > len(self._prefix)))
        before, until = (
            (int(own[0]), int(own[-1]) + 1) if len(own) else (len(ids) - 1, len(ids) - 1)
        )
        places = places - len(self._prefix)
        return Tokens(ids, places[:, 0], places[:, 1], before, len(ids) - until)


def batches(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Indices of the texts, batch by batch, the shortest texts first.

    A batch has at most so many tokens, padding included, or is one text.
    """
    found: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if not found or lengths[i] * (len(found[-1]) + 1) > tokens:
            found.append([])
        found[-1].append(i)
    return found
