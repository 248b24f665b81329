"""A BERT-like encoder that computes no padding: the tokens of all texts lie in one row.

Only attention tells texts apart. Those of one length that lie beside one another, as they do when
texts are sorted, share one batched product, and none of them needs a mask.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

# The kinds that are built so, and whether their first position is behind the one of padding.
_KINDS: Final = {"bert": False, "roberta": True, "xlm-roberta": True}


def packs(encoder: PreTrainedModel) -> bool:
    """Whether `Packed` computes what this encoder does."""
    config = encoder.config
    known = config.model_type in _KINDS and config.hidden_act == "gelu"
    return known and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


class Packed(nn.Module):
    """What a transformers encoder gives, on a CPU, in float32 or bfloat16."""

    def __init__(self, encoder: PreTrainedModel, dtype: torch.dtype) -> None:
        """Take the weights of an encoder that packs."""
        super().__init__()
        parts: Any = encoder
        words = parts.embeddings
        self._dtype = dtype
        self._heads: int = encoder.config.num_attention_heads
        self._words: nn.Embedding = words.word_embeddings
        behind = _KINDS[encoder.config.model_type]
        self._first: int = words.padding_idx + 1 if behind else 0
        # Every token is of the first of the types that a pair of texts would have.
        self._places: Tensor = (
            words.position_embeddings.weight + words.token_type_embeddings.weight[0]
        ).detach()
        self._norm = _Norm.of(words.LayerNorm, torch.float32)
        self._layers = [_Layer.of(one, self._heads, dtype) for one in parts.encoder.layer]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """[texts, tokens] to last_hidden_state [texts, tokens, hidden] in float32, 0 at padding.

        A text's tokens are the first of its row.
        """
        there = attention_mask.bool()
        lengths: list[int] = there.sum(dim=1).tolist()
        places = torch.cat([torch.arange(n) for n in lengths]) + self._first
        states = self._norm(self._words(input_ids[there]) + self._places[places]).to(self._dtype)
        groups = list(_groups(lengths))
        for layer in self._layers:
            states = layer(states, groups, self._heads)
        found = torch.zeros(*input_ids.shape, states.shape[1])
        found[there] = states.to(torch.float32)
        return SimpleNamespace(last_hidden_state=found)


@dataclass(frozen=True)
class _Group:
    """Texts of one length beside one another: where their tokens begin, how many, how long."""

    first: int
    texts: int
    tokens: int


def _groups(lengths: Sequence[int]) -> Iterator[_Group]:
    first = 0
    for tokens, same in itertools.groupby(lengths):
        texts = len(list(same))
        yield _Group(first, texts, tokens)
        first += texts * tokens


@dataclass(frozen=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    eps: float

    @classmethod
    def of(cls, norm: nn.LayerNorm, dtype: torch.dtype) -> "_Norm":
        return cls(norm.weight.detach().to(dtype), norm.bias.detach().to(dtype), norm.eps)

    def __call__(self, states: Tensor) -> Tensor:
        return nn.functional.layer_norm(states, self.weight.shape, self.weight, self.bias, self.eps)


class _Linear:
    """A linear layer whose weights lie as the CPU's matrix product wants them."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False):
        # What torch's own compiler makes of a linear layer on a CPU; laid out anew for every call
        # the weights would cost a tenth of the time.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype))
        self._bias = bias.detach().to(dtype)
        self._then: tuple[str, list[float], str] = (
            ("gelu", [], "none") if gelu else ("none", [], "")
        )

    def __call__(self, states: Tensor) -> Tensor:
        found: Tensor = torch.ops.mkldnn._linear_pointwise(
            states, self._weight, self._bias, *self._then
        )
        return found


@dataclass(frozen=True)
class _Layer:
    # Queries, keys and values in one product; queries come scaled.
    asked: _Linear
    attended: _Linear
    attended_norm: _Norm
    widened: _Linear
    narrowed: _Linear
    norm: _Norm

    @classmethod
    def of(cls, layer: Any, heads: int, dtype: torch.dtype) -> "_Layer":
        mine, attended = layer.attention.self, layer.attention.output
        query, key, value = mine.query, mine.key, mine.value
        scale = (query.out_features / heads) ** -0.5
        return cls(
            _Linear(
                torch.cat([query.weight * scale, key.weight, value.weight]),
                torch.cat([query.bias * scale, key.bias, value.bias]),
                dtype,
            ),
            _Linear(attended.dense.weight, attended.dense.bias, dtype),
            _Norm.of(attended.LayerNorm, dtype),
            _Linear(
                layer.intermediate.dense.weight, layer.intermediate.dense.bias, dtype, gelu=True
            ),
            _Linear(layer.output.dense.weight, layer.output.dense.bias, dtype),
            _Norm.of(layer.output.LayerNorm, dtype),
        )

    def __call__(self, states: Tensor, groups: Sequence[_Group], heads: int) -> Tensor:
        """[tokens, hidden] to the same."""
        asked = self.asked(states)
        seen = torch.empty_like(states)
        for one in groups:
            here = slice(one.first, one.first + one.texts * one.tokens)
            shape = (one.texts, one.tokens, 3, heads, -1)
            query, key, value = asked[here].view(shape).permute(2, 0, 3, 1, 4)
            likeness = (query @ key.transpose(2, 3)).softmax(dim=-1, dtype=torch.float32)
            mixed = (likeness.to(states.dtype) @ value).transpose(1, 2)
            seen[here] = mixed.reshape(-1, states.shape[1])
        states = self.attended_norm(states + self.attended(seen))
        return self.norm(states + self.narrowed(self.widened(states)))
