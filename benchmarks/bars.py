"""Held-out rows of public sets: a model beside its baselines and the bars, as a Markdown table.

    python benchmarks/bars.py open --sets FOLDER --model FOLDER [--fold 0] [--out FILE.md]

The model must have been trained on that mixture with that fold held out; the baselines are fitted
here on the same training rows. About 30 minutes on two cores, most of it the frozen encoder's.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baselines import frozen_encoder, word_counts

from models.artefact import Manifest, read_manifest
from models.base import Base, prepare
from models.config import load_config
from models.figures import Figures, Interval
from models.rows import Material
from models.runtime.loading import load_runtime
from models.runtime.protocol import Runtime
from models.sets.assemble import Assembled
from models.sets.material import unseen
from models.sets.measure import measure_sets
from pipeline import settings
from pipeline.cli.mixtures import CORPUS, assembled

# Set, head and figure, in the order of the table.
SHOWN: Final = (
    ("fpb", "sentiment", "accuracy"),
    ("tfns", "tfns", "accuracy"),
    ("tfns", "sentiment", "accuracy"),
    ("tfn_topic", "tfn_topic", "accuracy"),
    ("sentfin", "entity", "accuracy"),
    ("cfsc_absa", "entity", "accuracy"),
    ("cfsc_absa", "sentiment", "accuracy"),
    ("wwwxmu", "sentiment", "accuracy"),
    ("finfe", "sentiment", "macro_f1"),
    ("finnsp", "both", "combined"),
    ("fiqa", "sentiment", "accuracy"),
    ("finentity", "entity", "accuracy"),
    ("corpus", "topic", "accuracy"),
    ("corpus", "sentiment", "accuracy"),
    ("corpus", "entity", "accuracy"),
)
# Mixture -> set and head -> the least the figure must be.
BARS: Final[dict[str, dict[tuple[str, str], float]]] = {
    "open": {
        ("fpb", "sentiment"): 0.80,
        ("tfns", "tfns"): 0.89,
        ("tfn_topic", "tfn_topic"): 0.90,
        ("sentfin", "entity"): 0.90,
        ("cfsc_absa", "entity"): 0.78,
        ("wwwxmu", "sentiment"): 0.88,
    },
    "research": {
        ("fpb", "sentiment"): 0.87,
        ("tfns", "tfns"): 0.89,
        ("tfn_topic", "tfn_topic"): 0.90,
        ("sentfin", "entity"): 0.90,
        ("cfsc_absa", "entity"): 0.85,
        ("wwwxmu", "sentiment"): 0.95,
        ("finfe", "sentiment"): 0.72,
        ("finnsp", "both"): 0.93,
    },
}


@dataclass(frozen=True)
class Measured:
    """A model beside what it is measured on, none of which it has seen."""

    folder: Path
    manifest: Manifest
    base: Base
    found: Assembled
    material: Material

    @classmethod
    def of(cls, given: argparse.Namespace) -> "Measured":
        """What the options name. Raises ModelError where the model may have seen the rows."""
        conf = settings.load()
        folder = given.model or conf.model_dir
        manifest = read_manifest(folder)
        found = assembled(given.mixture, given.sets, CORPUS, given.fold)
        material = unseen(manifest, given.mixture, found)
        base = prepare(manifest.base.name, manifest.base.revision, conf.cache / "base")
        return cls(folder, manifest, base, found, material)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--alone", action="store_true", help="the model without the baselines")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    conf, of = settings.load(), Measured.of(given)
    runtimes: list[tuple[str, Runtime]] = [
        (
            of.manifest.model_id,
            load_runtime(conf.device, of.folder, conf.cache / "base", "torch-fp32"),
        )
    ]
    if not given.alone:
        window = load_config().recipe.window
        runtimes += [
            ("TF-IDF", word_counts(of.material)),
            ("frozen encoder", frozen_encoder(of.material, of.base, window)),
        ]
    measured = [(name, _measured(name, runtime, of.found)) for name, runtime in runtimes]
    page = _page(given.mixture, given.fold, measured)
    print(page)
    if given.out:
        given.out.write_text(page + "\n", encoding="utf-8")


def options(doc: str | None) -> argparse.ArgumentParser:
    """The options that say which model is measured on what."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("mixture", choices=list(BARS))
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--fold", type=int, default=0)
    return parser


def _measured(name: str, runtime: Runtime, found: Assembled) -> dict[str, Figures]:
    def told(done: int) -> None:
        print(f"\r{name}: {done} of {len(found.test)}", end="", file=sys.stderr, flush=True)

    figures = {one.data: one for one in measure_sets(runtime, found.test, told)}
    print(file=sys.stderr)
    return figures


def _page(mixture: str, fold: int, measured: Sequence[tuple[str, dict[str, Figures]]]) -> str:
    model = measured[0][1]
    lines = [
        f"Mixture {mixture}, fold {fold} held out.",
        "",
        f"| set | head | figure | rows | {' | '.join(name for name, _ in measured)} | bar |",
        "|---" * (5 + len(measured)) + "|",
    ]
    for name, head, figure in SHOWN:
        bar = BARS[mixture].get((name, head))
        rows = rows_of(model[name], head)
        values = [value_of(figures[name], head, figure) for _, figures in measured]
        cells = [name, head, figure.replace("_", "-"), str(rows), *map(cell, values)]
        cells.append("" if bar is None else f"{bar:.2f} {_verdict(values[0], bar)}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(value: Interval | float, bar: float) -> str:
    return "reached" if (value.value if isinstance(value, Interval) else value) >= bar else "missed"


def value_of(figures: Figures, head: str, figure: str) -> Interval | float:
    if figure == "combined":
        # The contest's figure: F1 of negative texts, and of negative entities.
        text, entity = (
            next(iter(figures.heads[one].values())).classes["negative"].f1
            for one in ("sentiment", "entity")
        )
        return 0.4 * text + 0.6 * entity
    (one,) = figures.heads[head].values() if len(figures.heads[head]) == 1 else (None,)
    if one is None:
        # Our own lines: both languages, each counting its rows.
        every = figures.heads[head].values()
        return sum(x.rows * getattr(x, figure).value for x in every) / sum(x.rows for x in every)
    value: Interval = getattr(one, figure)
    return value


def rows_of(figures: Figures, head: str) -> int:
    heads = figures.heads["sentiment" if head == "both" else head]
    return sum(one.rows for one in heads.values())


def cell(value: Interval | float) -> str:
    if isinstance(value, Interval):
        return f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"
    return f"{value:.3f}"


if __name__ == "__main__":
    main()
