"""Which runtime a device gets: the one place that knows them all."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models.runtime.protocol import Runtime
from models.runtime.stub import StubRuntime

if TYPE_CHECKING:
    from models.runtime.cpu import Way

Device = Literal["auto", "cpu", "cuda", "stub"]


def load_runtime(device: Device, model_dir: Path, cache: Path, way: "Way | None" = None) -> Runtime:
    """Load the classifier in `model_dir` onto `device`; the stub reads neither folder.

    `cache` is where the base encoder lies, or is put on first use (450 MB, seconds), and where it
    is kept which way of computing it is the fastest on this machine (seconds, on first use), if
    none is given.
    Raises ModelError where the folder is no model, its base is not to be had, or `cuda` was asked
    for and is not there.
    """
    if device == "stub":
        return StubRuntime()
    # Importing torch costs seconds that the stub's users should not pay.
    from models.runtime.torch_runtime import load_torch

    return load_torch(device, model_dir, cache, way)
