"""One encoder pass, and a head a question: what is it about, how bad is it, for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.batching import Batch
from models.labels import ENTITY, LABELS


@dataclass(frozen=True)
class Outputs:
    """What one forward pass gives for a batch."""

    # [passes, hidden]: mean over the tokens of each pass.
    pooled: Tensor
    # [passes, labels] a head; of the entity head [entities, labels], entity by entity of the first
    # pass, then of the next. Without an entity in the batch it is not there.
    logits: dict[str, Tensor]


class EntityHead(nn.Module):
    """How one entity fares: from its mention, its clause and the text around."""

    def __init__(self, hidden: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, labels)

    def forward(self, mention: Tensor, clause: Tensor, text: Tensor) -> Tensor:
        """All three are [entities, hidden]; gives [entities, labels]."""
        mixed = nn.functional.gelu(self.hidden(torch.cat([mention, clause, text], dim=1)))
        out: Tensor = self.out(self.dropout(mixed))
        return out


class Classifier(nn.Module):
    """An encoder (any that returns last_hidden_state) under the heads of `labels`."""

    def __init__(
        self,
        encoder: nn.Module,
        hidden: int,
        labels: Mapping[str, Sequence[str]] = LABELS,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict(
            {
                name: EntityHead(hidden, len(names), dropout)
                if name == ENTITY
                else nn.Linear(hidden, len(names))
                for name, names in labels.items()
            }
        )

    def forward(self, batch: Batch, *, probing: bool = False) -> Outputs:
        """Every head over one pass of the encoder, which learns nothing where one is `probing`."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not probing):
            states = self.encoder(
                input_ids=batch.input_ids, attention_mask=batch.attention_mask
            ).last_hidden_state.to(torch.float32)
        pooled = mean_pool(states, batch.attention_mask)
        dropped = self.dropout(pooled)
        logits = {name: head(dropped) for name, head in self.heads.items() if name != ENTITY}
        if batch.places is not None and batch.asked is not None and ENTITY in self.heads:
            rows, slots = batch.asked.nonzero(as_tuple=True)
            means = torch.einsum("pekt,pth->pekh", batch.places, states)[rows, slots]
            logits[ENTITY] = self.heads[ENTITY](means[:, 0], means[:, 1], pooled[rows])
        return Outputs(pooled, logits)


def mean_pool(states: Tensor, attention_mask: Tensor) -> Tensor:
    """Mean of the token states of each text, in float32, padding left out."""
    mask = attention_mask.unsqueeze(-1).to(torch.float32)
    return (states.to(torch.float32) * mask).sum(1) / mask.sum(1).clamp(min=1)


def trained(module: nn.Module) -> dict[str, Tensor]:
    """The weights of a module that training changes, by name."""
    return {name: weights for name, weights in module.named_parameters() if weights.requires_grad}
