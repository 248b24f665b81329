"""What commands say about public sets and mixtures, and the rows they get for it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline import settings

if TYPE_CHECKING:
    from models.sets.assemble import Assembled

CORPUS: Final = settings.ROOT / "models" / "corpus"

Corpus = Annotated[Path, typer.Option("--corpus", help="Folder with labelled lines (*.jsonl).")]
Sets = Annotated[
    Path | None,
    typer.Option("--sets", help="Folder with the public sets; the Hugging Face hub else."),
]
Fold = Annotated[
    int, typer.Option("--fold", min=0, max=4, help="Which fifth of undivided sets is held out.")
]


def assembled(name: str, sets: Path | None, corpus: Path, fold: int) -> "Assembled":
    """The rows of the mixture `name`. Raises ModelError where it or a set of it is not there."""
    from models.data import read_corpus
    from models.sets.assemble import assemble
    from models.sets.mixture import load_mixtures
    from models.sets.sources import folder_or_hub, hub

    source = folder_or_hub(sets) if sets else hub()
    return assemble(load_mixtures(), name, source, read_corpus(corpus), fold)
