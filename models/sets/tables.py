"""Downloaded files as tables and records. Nothing here unpickles or runs what it reads."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from models.sets.spec import Record

# Characters of a text at most; the longest of any known set has 7,200.
_LONGEST: Final = 20_000


def table(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a .csv or .parquet file, of which these columns must be there.

    Raises ValueError where a column is missing or the file is no such table.
    """
    import pandas

    frame = pandas.read_csv(path) if path.suffix == ".csv" else pandas.read_parquet(path)
    if missing := set(columns) - set(frame.columns):
        raise ValueError(f"{path.name} has no column {', '.join(sorted(missing))}")
    for row in frame[list(columns)].to_dict(orient="records"):
        yield {str(column): value for column, value in row.items()}


def labelled(
    path: Path, split: str | None, labels: Mapping[int, str]
) -> Iterator[tuple[Record, str]]:
    """Records of a table of `text` and a numbered `label`, each with what its number stands for."""
    for number, row in enumerate(table(path, ("text", "label"))):
        text = str(row["text"])[:_LONGEST]
        record = Record(id=f"{path.stem}-{number:05}", text=text, lang="en", split=split)
        yield record, labels[int(row["label"])]
