"""From texts to padded tensors, short texts with short ones to compute little on padding."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from models.text import Cleaner, Span, cleaner


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

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of every text; an empty text has the prefix alone."""
        if not texts:
            return []
        clean = [self._prefix + self._clean(text) for text in texts]
        found: list[list[int]] = self._tokenizer(
            clean, truncation=True, max_length=self._window, return_attention_mask=False
        )["input_ids"]
        return found

    def traced(self, text: str) -> tuple[list[int], list[Span | None]]:
        """The ids of one text, as `ids` gives them, and where in `text` each of them stands.

        None where nothing of the text is behind it: special tokens, the prefix.
        """
        clean = self._clean.traced(text)
        found = self._tokenizer(
            self._prefix + clean.text,
            truncation=True,
            max_length=self._window,
            return_offsets_mapping=True,
        )
        origins = [
            clean.origins[_within(piece, len(self._prefix))] for piece in found["offset_mapping"]
        ]
        return found["input_ids"], [(o[0][0], o[-1][1]) if o else None for o in origins]

    def padded(self, ids: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
        """[texts, tokens] ids and attention mask of one batch."""
        width = max(len(row) for row in ids)
        tokens = torch.tensor([[*row, *[self._pad] * (width - len(row))] for row in ids])
        lengths = torch.tensor([len(row) for row in ids])
        mask = (torch.arange(width)[None, :] < lengths[:, None]).long()
        return tokens.to(device), mask.to(device)


def batches(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Indices of the texts, batch by batch, the shortest texts first."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _within(piece: Span, prefix: int) -> slice:
    """The characters of a piece, counted from the end of the prefix; none where it ends before."""
    return slice(max(piece[0] - prefix, 0), max(piece[1] - prefix, 0))
