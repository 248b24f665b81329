"""What giving up a part of what the encoder learned costs and earns: prints a Markdown table.

    python benchmarks/mixing.py open --sets FOLDER [--model FOLDER] [--rows 300] [--shares 0.8 1]

The model's adapter is scaled to each share of what was learned, its heads stay (`mixing` in
models.toml); up to `--rows` held-out rows of each set, drawn with seed 0. About a minute a share.
"""

import argparse
import random
from pathlib import Path

from bars import BARS, SHOWN, cell, rows_of, value_of
from msgspec.structs import replace

from models.artefact import load, read_manifest
from models.base import prepare
from models.batching import Encoder
from models.config import load_config
from models.runtime.torch_runtime import TorchRuntime
from models.sets.material import unseen
from models.sets.measure import measure_sets
from models.sets.row import Row
from pipeline import settings
from pipeline.cli.mixtures import CORPUS, assembled


def main() -> None:
    given = _arguments()
    conf, config = settings.load(), load_config()
    folder = given.model or conf.model_dir
    manifest = read_manifest(folder)
    found = assembled(given.mixture, given.sets, CORPUS, given.fold)
    unseen(manifest, given.mixture, found)
    base = prepare(manifest.base.name, manifest.base.revision, conf.cache / "base")
    encoder = Encoder(base.tokenizer(), manifest.window, base.prefix)
    rows = _drawn(found.test, given.rows)
    columns = []
    for share in given.shares:
        alpha = round(manifest.lora_alpha * share / config.recipe_of(given.mixture).mixing)
        model = load(folder, replace(manifest, lora_alpha=alpha), base)
        runtime = TorchRuntime(model, manifest, encoder, config.runtime.cpu_batch)
        columns.append({one.data: one for one in measure_sets(runtime, rows, lambda _: None)})
    print(f"{manifest.model_id}, mixture {given.mixture}, up to {given.rows} rows a set.\n")
    print(f"| set | head | figure | rows | {' | '.join(f'{x:g}' for x in given.shares)} |")
    print("|---" * (4 + len(columns)) + "|")
    for name, head, figure in SHOWN:
        cells = [cell(value_of(column[name], head, figure)).partition(" ")[0] for column in columns]
        known = [name, head, figure.replace("_", "-"), str(rows_of(columns[0][name], head))]
        print(f"| {' | '.join([*known, *cells])} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("mixture", choices=list(BARS))
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    return parser.parse_args()


def _drawn(rows: list[Row], most: int) -> list[Row]:
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        by_set.setdefault(row.set, []).append(row)
    draw = random.Random(0)
    return [row for some in by_set.values() for row in draw.sample(some, min(most, len(some)))]


if __name__ == "__main__":
    main()
