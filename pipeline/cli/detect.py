"""`tocsin detect`: the surge detector on any series of counts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer

from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.lines import whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.alerts.online import Values

_COLUMNS: Final = ("timestamp", "value")
_DAY_SECONDS: Final = 86_400


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("detect")(detect)


def detect(
    file: Annotated[Path, typer.Argument(help="CSV with the columns timestamp and value.")],
    out: Annotated[Path, typer.Option("--out", help="CSV to write, in the same order.")],
) -> None:
    """Say when a series of counts surges, by the rule that alerts follow.

    Writes timestamp, value, anomaly_score and surge. The score runs from 0 to 1, and a surge begins
    at 0.5; it rests on nothing after its value, and the first two days score 0: there is nothing to
    compare them with. Values are counts, in order of time, at most a day apart; a time without a
    zone is UTC. How many stories and publishers an alert needs plays no part.
    """
    from pipeline.alerts import rules
    from pipeline.alerts.online import judge

    try:
        table = _table(file)
        scores = judge(_values(file, table), rules.parse("surge", rules.shipped()["surge"]))
        table["anomaly_score"] = scores.anomaly.round(4)
        table["surge"] = scores.surge.astype(int)
        with whole(out) as results:
            table.to_csv(results, index=False)
    except OSError as error:
        raise CommandError(unusable(error)) from error
    begun = int((np.diff(scores.surge.astype(int), prepend=0) > 0).sum())
    print(f"{len(table)} values, {begun} times a surge began, in {out}", file=sys.stderr)


def read_series(file: Path) -> "Values":
    """The series in a CSV. Raises CommandError for one that is not as it must be, OSError."""
    return _values(file, _table(file))


def _table(file: Path) -> "pd.DataFrame":
    """The two columns as they stand in the file."""
    import pandas as pd

    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is no CSV: {error}") from error
    if missing := [name for name in _COLUMNS if name not in table.columns]:
        raise CommandError(f"{file} has no column {' and no column '.join(missing)}.")
    return table[list(_COLUMNS)]


def _values(file: Path, table: "pd.DataFrame") -> "Values":
    import pandas as pd

    from pipeline.alerts.online import Values

    times = pd.to_datetime(table["timestamp"], utc=True, errors="coerce", format="ISO8601")
    _require(file, times.isna().to_numpy(), "is no time in the form of ISO 8601")
    values = pd.to_numeric(table["value"], errors="coerce").to_numpy(np.float64)
    _require(file, ~(np.isfinite(values) & (values >= 0)), "has no count: a number, 0 or more")
    since = (times - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    seconds = np.asarray(since, dtype=np.int64)
    steps = np.diff(seconds, prepend=-1)
    _require(file, steps <= 0, "is not later than the one before")
    step = float(np.median(steps[1:])) if len(steps) > 1 else 0.0
    if step > _DAY_SECONDS:
        raise CommandError(f"{file}: values lie more than a day apart.")
    return Values(seconds, values, step)


def _require(file: Path, wrong: "NDArray[np.bool_]", what: str) -> None:
    """Raises CommandError that names the first line that is wrong; the header is line 1."""
    if wrong.any():
        raise CommandError(f"{file}:{int(np.flatnonzero(wrong)[0]) + 2}: {what}.")
