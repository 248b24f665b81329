"""The classifier that commands load: which folder, and from where its base comes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import settings

if TYPE_CHECKING:
    from models.runtime.cpu import Way
    from models.runtime.protocol import Runtime

Model = Annotated[
    Path | None, typer.Option("--model", help="Model folder; TOCSIN_MODEL_DIR or the shipped one.")
]


def runtime_of(model: Path | None, way: "Way | None" = None) -> "Runtime":
    """The classifier in `model`, or the configured one, on the configured device.

    On a CPU it is computed the fastest way, or the one that is given. Raises ModelError where it is
    not to be had.
    """
    from models.runtime.loading import load_runtime

    conf = settings.load()
    return load_runtime(conf.device, model or conf.model_dir, conf.cache / "base", way)
