"""What giving up a part of what the encoder learned costs and earns: prints a Markdown table.

    python benchmarks/mixing.py open --sets FOLDER [--model FOLDER] [--rows 300] [--shares 0.8 1]

The model's adapter is scaled to each share of what was learned, its heads stay (`mixing` in
models.toml); up to `--rows` held-out rows of each set, drawn with seed 0. About a minute a share.
"""

import random

from bars import SHOWN, Measured, cell, options, rows_of, value_of
from msgspec.structs import replace

from models.artefact import load
from models.batching import Encoder
from models.config import load_config
from models.runtime.torch_runtime import TorchRuntime
from models.sets.measure import measure_sets
from models.sets.row import Row


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    given = parser.parse_args()
    config, of = load_config(), Measured.of(given)
    encoder = Encoder(of.base.tokenizer(), of.manifest.window, of.base.prefix)
    rows = _drawn(of.found.test, given.rows)
    columns = []
    for share in given.shares:
        alpha = round(of.manifest.lora_alpha * share / config.recipe_of(given.mixture).mixing)
        model = load(of.folder, replace(of.manifest, lora_alpha=alpha), of.base)
        runtime = TorchRuntime(model, of.manifest, encoder, config.runtime.cpu_tokens)
        columns.append({one.data: one for one in measure_sets(runtime, rows, lambda _: None)})
    print(f"{of.manifest.model_id}, mixture {given.mixture}, up to {given.rows} rows a set.\n")
    print(f"| set | head | figure | rows | {' | '.join(f'{x:g}' for x in given.shares)} |")
    print("|---" * (4 + len(columns)) + "|")
    for name, head, figure in SHOWN:
        cells = [cell(value_of(column[name], head, figure)).partition(" ")[0] for column in columns]
        known = [name, head, figure.replace("_", "-"), str(rows_of(columns[0][name], head))]
        print(f"| {' | '.join([*known, *cells])} |")


def _drawn(rows: list[Row], most: int) -> list[Row]:
    by_set: dict[str, list[Row]] = {}
    for row in rows:
        by_set.setdefault(row.set, []).append(row)
    draw = random.Random(0)
    return [row for some in by_set.values() for row in draw.sample(some, min(most, len(some)))]


if __name__ == "__main__":
    main()
