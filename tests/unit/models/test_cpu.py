"""The fastest way of computing an encoder is measured once, and remembered."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import Tensor, nn

from models.runtime import cpu
from models.runtime.cpu import Way, fastest

pytestmark = pytest.mark.slow


class Encoder(nn.Module):
    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        time.sleep(self._seconds)
        return SimpleNamespace(last_hidden_state=input_ids * attention_mask)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "_SECONDS", 0.1)


def _machine(**seconds: float) -> tuple[Callable[[Way], nn.Module], list[str]]:
    """Loads encoders that take so long; a way that is not told cannot be made."""
    asked: list[str] = []

    def load(way: Way) -> nn.Module:
        asked.append(way)
        return Encoder(seconds[way.replace("-", "_")])

    return load, asked


def test_where_half_precision_is_much_faster_nothing_else_is_tried(tmp_path: Path) -> None:
    load, asked = _machine(torch_fp32=0.03, torch_bf16=0.01)
    assert fastest(load, "a", tmp_path) == "torch-bf16"
    assert asked == ["torch-fp32", "torch-bf16"]


@pytest.mark.parametrize(("onnx", "way"), [(0.005, "onnx-fp32"), (0.03, "torch-fp32")])
def test_where_it_is_not_the_quickest_of_three_is_taken(
    onnx: float, way: Way, tmp_path: Path
) -> None:
    load, _ = _machine(torch_fp32=0.01, torch_bf16=0.02, onnx_fp32=onnx)
    assert fastest(load, "a", tmp_path) == way


def test_an_encoder_that_cannot_be_exported_is_left_to_torch(tmp_path: Path) -> None:
    load, asked = _machine(torch_fp32=0.01, torch_bf16=0.02)
    assert fastest(load, "a", tmp_path) == "torch-fp32"
    assert asked[-1] == "onnx-fp32"


def test_a_processor_without_half_precision_is_no_reason_to_stop(tmp_path: Path) -> None:
    load, asked = _machine(torch_fp32=0.01, onnx_fp32=0.005)
    assert fastest(load, "a", tmp_path) == "onnx-fp32"
    load, asked = _machine(torch_fp32=0.01)
    assert fastest(load, "b", tmp_path) == "torch-fp32"
    assert asked == ["torch-fp32", "torch-bf16", "onnx-fp32"]


def test_a_cache_that_may_only_be_read_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(cpu, "_write", refuse)
    load, _ = _machine(torch_fp32=0.03, torch_bf16=0.01)
    assert fastest(load, "a", tmp_path) == "torch-bf16"


def test_it_is_measured_once_for_each_base(tmp_path: Path) -> None:
    load, asked = _machine(torch_fp32=0.03, torch_bf16=0.01)
    assert [fastest(load, base, tmp_path) for base in "aaba"] == ["torch-bf16"] * 4
    assert len(asked) == 4


@pytest.mark.parametrize("kept", ["{", "[]", "7", '{"a": "by hand"}', "null"])
def test_a_damaged_note_is_written_anew(kept: str, tmp_path: Path) -> None:
    (tmp_path / "fastest.json").write_text(kept, encoding="utf-8")
    load, asked = _machine(torch_fp32=0.03, torch_bf16=0.01)
    assert fastest(load, "a", tmp_path) == "torch-bf16"
    assert fastest(load, "a", tmp_path) == "torch-bf16"
    assert len(asked) == 2
