"""One encoder, mean pooling, and a linear head a question: what is it about, how bad is it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.labels import HEADS


@dataclass(frozen=True)
class Outputs:
    """What one forward pass gives for a batch."""

    # [texts, hidden]: mean over the tokens of each text.
    pooled: Tensor
    # [texts, labels] a head.
    logits: dict[str, Tensor]


class Classifier(nn.Module):
    """An encoder (any that returns last_hidden_state) under the heads of HEADS."""

    def __init__(self, encoder: nn.Module, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(hidden, len(labels)) for name, labels in HEADS.items()}
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Outputs:
        """Both arguments are [texts, tokens]; the mask is 1 where there is a token."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = mean_pool(states, attention_mask)
        dropped = self.dropout(pooled)
        return Outputs(pooled, {name: head(dropped) for name, head in self.heads.items()})


def mean_pool(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean of the token states of each text, in float32, padding left out."""
    mask = attention_mask.unsqueeze(-1).to(torch.float32)
    return (states.to(torch.float32) * mask).sum(1) / mask.sum(1).clamp(min=1)
