"""An encoder without padding gives what the ordinary one gives."""

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    PreTrainedModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from models.runtime.packed import Packed, packs

pytestmark = pytest.mark.slow

SIZES = {
    "vocab_size": 90,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 70,
    "pad_token_id": 1,
    "initializer_range": 0.4,
}


@pytest.fixture(params=["bert", "xlm-roberta"])
def encoder(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(3)
    if request.param == "bert":
        return BertModel(BertConfig(**SIZES), add_pooling_layer=False).eval()
    return XLMRobertaModel(XLMRobertaConfig(**SIZES), add_pooling_layer=False).eval()


def _texts(lengths: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    mask = (torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(2, 90, mask.shape, generator=torch.Generator().manual_seed(5))
    return torch.where(mask.bool(), ids, 1), mask


@pytest.mark.parametrize("lengths", [[1], [7, 7, 7], [3, 5, 5, 9], [60, 2, 2, 33, 2]])
@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_it_gives_what_the_ordinary_encoder_gives(
    encoder: PreTrainedModel, lengths: list[int], dtype: torch.dtype, near: float
) -> None:
    ids, mask = _texts(lengths)
    assert packs(encoder)
    with torch.inference_mode():
        ordinary = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        packed = Packed(encoder, dtype)(input_ids=ids, attention_mask=mask).last_hidden_state
    assert packed.dtype == torch.float32
    assert ((packed - ordinary).abs() * mask[:, :, None]).max() < near
    assert (packed[mask == 0] == 0).all()


def test_another_kind_of_encoder_is_left_as_it_is() -> None:
    small = DistilBertModel(DistilBertConfig(dim=32, n_layers=1, n_heads=2, hidden_dim=64))
    assert not packs(small)
    odd = BertModel(BertConfig(**{**SIZES, "hidden_act": "relu"}), add_pooling_layer=False)
    assert not packs(odd)
