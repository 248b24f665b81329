"""`tocsin stories`: teach a trained model which reports tell one event."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline import settings
from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.mixtures import CORPUS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("stories")(stories)


def stories(
    model: Annotated[Path, typer.Argument(help="A folder that `tocsin train` wrote.")],
    corpus: Annotated[
        Path, typer.Option(help="Folder of labelled lines, whose `stories` holds labelled reports.")
    ] = CORPUS,
) -> None:
    """Learn from labelled stories when two reports tell one event, and put that beside the model.

    The labelled lines, each an event of its own, show it what is merely alike. Takes some minutes.
    Until then `tocsin cluster` with that model finds copies, and rewritten
    reports badly.
    """
    from models.data import read_corpus
    from models.errors import ModelError
    from models.runtime.loading import load_runtime
    from models.stories import read_reports, teach
    from pipeline.stories import SAME_STORY, signature, similarity

    conf = settings.load()
    try:
        reports = [
            one for file in sorted(corpus.glob("stories/*.jsonl")) for one in read_reports(file)
        ]
        if not reports:
            raise CommandError(f"{corpus / 'stories'} holds no labelled reports.")
        signed = [signature(one.title, one.body) for one in reports]
        runtime = load_runtime(conf.device, model, conf.cache / "base", "torch-fp32")
        lines = [(one.lang, one.text) for one in read_corpus(corpus)]
        teach(
            runtime,
            model,
            reports,
            lambda i, j: similarity(signed[i], signed[j]) >= SAME_STORY,
            lines,
        )
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except ModelError as error:
        raise CommandError(str(error)) from error
    print(
        f"{runtime.model_id} learned from {len(reports)} reports which tell one event, "
        f"and from {len(lines):,} lines which do not."
    )
