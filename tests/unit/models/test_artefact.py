"""A model on disk is what its manifest says, or it is refused."""

from pathlib import Path

import msgspec
import pytest

from models.artefact import ADAPTER, ENCODER, MANIFEST, adapted, load, read_manifest
from models.base import Base, prepare
from models.errors import ModelError
from models.labels import HEADS, LABELS
from models.runtime.loading import load_runtime
from tests.fixtures.tiny_model import write_base, write_model

pytestmark = pytest.mark.slow


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return write_base(tmp_path / "base")


@pytest.fixture
def model(tmp_path: Path, base: Base) -> Path:
    write_model(tmp_path / "model", base)
    return tmp_path / "model"


def test_holds_safetensors_and_a_manifest_and_no_pickle(model: Path) -> None:
    assert sorted(path.name for path in model.iterdir()) == [
        "adapter.safetensors",
        "heads.safetensors",
        "manifest.json",
    ]


def test_a_merged_adapter_says_what_the_adapter_said(model: Path, base: Base) -> None:
    import torch
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    manifest = read_manifest(model)
    merged = load(model, manifest, base).encoder
    tuned = adapted(base.encoder(), manifest.lora_rank, manifest.lora_alpha).eval()
    ids = torch.tensor([[0, 5, 9, 12, 2]])
    with torch.inference_mode():
        plain = tuned(input_ids=ids).last_hidden_state
        set_peft_model_state_dict(tuned, load_file(model / ADAPTER))
        unmerged = tuned(input_ids=ids).last_hidden_state
        once = merged(input_ids=ids).last_hidden_state
    assert torch.allclose(once, unmerged, atol=1e-5)
    assert not torch.allclose(plain, unmerged, atol=1e-2)


def test_a_model_of_which_all_was_trained_is_the_encoder_as_it_was(
    tmp_path: Path, base: Base
) -> None:
    import torch
    from safetensors.torch import load_file

    manifest = write_model(tmp_path / "full", base, tuning="full")
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == [
        "encoder.safetensors",
        "heads.safetensors",
        "manifest.json",
    ]
    weights = load_file(tmp_path / "full" / ENCODER)
    assert "embeddings.word_embeddings.weight" not in weights
    found = load(tmp_path / "full", manifest, base).encoder.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())


def test_weights_that_lack_a_layer_are_refused(tmp_path: Path, base: Base) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "full"
    manifest = write_model(folder, base, tuning="full")
    weights = load_file(folder / ENCODER)
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / ENCODER)
    with pytest.raises(ModelError, match=r"do not fit their base.*layer\.1\.output\.dense\.weight"):
        load(folder, manifest, base)


def test_a_model_may_lack_the_entity_head_and_have_others(tmp_path: Path, base: Base) -> None:
    write_model(tmp_path / "older", base, HEADS)
    assert read_manifest(tmp_path / "older").labels.keys() == HEADS.keys()
    write_model(tmp_path / "more", base, {**LABELS, "their_topic": ("Up", "Down")})
    more = read_manifest(tmp_path / "more")
    assert list(load(tmp_path / "more", more, base).heads) == [*LABELS, "their_topic"]


def test_an_entity_head_with_other_labels_is_refused(model: Path) -> None:
    _rewrite(model, labels={**HEADS, "entity": ["up", "down"]})
    with pytest.raises(ModelError, match="other labels"):
        read_manifest(model)


def test_a_model_is_written_once(model: Path, base: Base) -> None:
    with pytest.raises(ModelError, match="exists already"):
        write_model(model, base)


def test_altered_weights_are_refused(model: Path) -> None:
    weights = bytearray((model / ADAPTER).read_bytes())
    weights[-1] ^= 1
    (model / ADAPTER).write_bytes(weights)
    with pytest.raises(ModelError, match="not those its manifest names"):
        read_manifest(model)


def test_altered_temperatures_are_refused(model: Path) -> None:
    _rewrite(model, temperatures={"topic": {"en": 9.0, "zh": 1.0}})
    with pytest.raises(ModelError, match="not those its manifest names"):
        read_manifest(model)


def test_other_labels_are_refused(model: Path) -> None:
    _rewrite(model, labels={"topic": ["a"], "sentiment": ["b"]})
    with pytest.raises(ModelError, match="other labels"):
        read_manifest(model)


def test_an_adapter_is_not_put_on_another_encoder(model: Path, base: Base) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(base.folder / "model.safetensors")
    weights["embeddings.LayerNorm.bias"] += 1
    save_file(weights, base.folder / "model.safetensors", metadata={"format": "pt"})
    other = prepare(str(base.folder), "main", base.folder)
    with pytest.raises(ModelError, match="another"):
        load(model, read_manifest(model), other)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no trained model"):
        load_runtime("cpu", tmp_path, tmp_path)


def test_cuda_where_there_is_none_is_a_sentence(model: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ModelError, match="no CUDA device here"):
        load_runtime("cuda", model, model)


def _rewrite(model: Path, **changes: object) -> None:
    manifest = msgspec.json.decode((model / MANIFEST).read_bytes())
    (model / MANIFEST).write_bytes(msgspec.json.encode(manifest | changes))
