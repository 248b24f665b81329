"""An encoder run by ONNX Runtime on the CPU in float32: the same numbers, fused operations."""

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import onnxruntime
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from models.files import folder_made_whole

_FILE: Final = "encoder.onnx"
_OPSET: Final = 20


def onnx_encoder(encoder: PreTrainedModel, folder: Path) -> "OnnxEncoder":
    """Run `encoder` from the file in `folder`, which is made on first use (a quarter minute)."""
    if not folder.is_dir():
        with folder_made_whole(folder) as draft:
            _export(encoder, draft / _FILE)
    return OnnxEncoder(encoder.get_input_embeddings(), folder / _FILE)


class OnnxEncoder(nn.Module):
    """What a transformers encoder gives, of an exported one. Words are looked up by torch."""

    def __init__(self, words: nn.Module, file: Path) -> None:
        super().__init__()
        self._words = words
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Errors only: it warns of every node that it moves.
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """[texts, tokens] to last_hidden_state [texts, tokens, hidden].

        Raises MemoryError where there is no more.
        """
        fed = {"words": self._words(input_ids).numpy(), "mask": attention_mask.numpy()}
        try:
            (states,) = self._session.run(None, fed)
        except Exception as error:
            # ONNX Runtime has one exception for everything.
            if "allocate" in str(error):
                raise MemoryError(str(error)) from error
            raise
        return SimpleNamespace(last_hidden_state=torch.from_numpy(states))


class _Headless(nn.Module):
    """An encoder from its words' vectors on: the table of words stays where it is."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        self._encoder = encoder

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = self._encoder(inputs_embeds=words, attention_mask=mask).last_hidden_state
        return states


def _export(encoder: PreTrainedModel, file: Path) -> None:
    from onnxruntime.transformers import optimizer

    ids = torch.ones(2, 16, dtype=torch.long)
    words = encoder.get_input_embeddings()(ids)
    texts, tokens = torch.export.Dim("texts", min=1, max=4096), torch.export.Dim("tokens", min=2)
    shape = {0: texts, 1: tokens}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            _Headless(encoder).eval(),
            (words, torch.ones_like(ids)),
            dynamo=True,
            verbose=False,
            dynamic_shapes=(shape, shape),
            input_names=["words", "mask"],
            output_names=["states"],
            opset_version=_OPSET,
        )
    plain = file.with_name("plain.onnx")
    program.save(str(plain))
    fused = optimizer.optimize_model(str(plain), model_type="bert", opt_level=0)
    fused.save_model_to_file(str(file))
    plain.unlink()
