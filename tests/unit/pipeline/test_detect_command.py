"""`tocsin detect`: counts in, scores out, and what is wrong named by its line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipeline.cli.errors import CommandError
from pipeline.cli.main import build

HEAD = "timestamp,value\n"


def detect(tmp_path: Path, text: str) -> pd.DataFrame:
    given, out = tmp_path / "series.csv", tmp_path / "scores.csv"
    given.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(build(), ["detect", str(given), "--out", str(out)])
    if result.exception:
        raise result.exception
    return pd.read_csv(out)


def test_every_value_is_scored_in_its_place(tmp_path: Path) -> None:
    times = pd.date_range("2026-03-01", periods=10 * 24, freq="h")
    values = np.full(len(times), 20)
    values[8 * 24 : 8 * 24 + 3] = 200
    table = pd.DataFrame({"timestamp": times.strftime("%Y-%m-%d %H:%M:%S"), "value": values})
    scored = detect(tmp_path, table.to_csv(index=False))
    assert list(scored.columns) == ["timestamp", "value", "anomaly_score", "surge"]
    assert scored["timestamp"].tolist() == table["timestamp"].tolist()
    assert scored["value"].tolist() == values.tolist()
    assert scored.loc[scored["surge"] == 1, "timestamp"].iloc[0] == "2026-03-09 00:00:00"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,value\n1,2\n", "no column timestamp"),
        (HEAD + "2026-03-01 00:00,4\nyesterday,5\n", ":3: is no time"),
        (HEAD + "2026-03-01 00:00,4\n2026-03-01 01:00,-1\n", ":3: has no count"),
        (HEAD + "2026-03-01 00:00,many\n", ":2: has no count"),
        (HEAD + "2026-03-01 01:00,4\n2026-03-01 01:00,5\n", ":3: is not later"),
        (HEAD + "2026-03-01,4\n2026-03-08,5\n2026-03-15,5\n", "more than a day apart"),
        ("", "is no CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CommandError, match=told):
        detect(tmp_path, text)
    assert not (tmp_path / "scores.csv").exists()


def test_a_series_without_values_gives_one_without_scores(tmp_path: Path) -> None:
    assert detect(tmp_path, HEAD).empty
