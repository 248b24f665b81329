"""Which runtime a device gets: the one place that knows them all."""

from pathlib import Path
from typing import Literal

from models.runtime.protocol import Runtime
from models.runtime.stub import StubRuntime

Device = Literal["auto", "cpu", "cuda", "stub"]


def load_runtime(device: Device, model_dir: Path, base_cache: Path) -> Runtime:
    """Load the classifier in `model_dir` onto `device`; the stub reads neither folder.

    `base_cache` is where the base encoder lies, or is put on first use (450 MB, seconds).
    Raises ModelError where the folder is no model, its base is not to be had, or `cuda` was asked
    for and is not there.
    """
    if device == "stub":
        return StubRuntime()
    # Importing torch costs seconds that the stub's users should not pay.
    from models.runtime.torch_runtime import load_torch

    return load_torch(device, model_dir, base_cache)
