"""How early and how cleanly surges of tweets about companies are found: prints one JSON line.

    python benchmarks/surge_nab.py FOLDER

FOLDER holds series of the Numenta Anomaly Benchmark and their windows.json. What is scored are the
rising edges of `tocsin detect`'s surge, by the benchmark's published definition (A. Lavin and
S. Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark", 2015):
the first edge in a window earns the more the earlier it comes, a window without one costs 1, an
edge outside costs up to the profile's weight; the first 15 % of a series do not count. 100 is
perfect, 0 is silence. `left out` scores each series by the alpha and the cool-down that were best
on the others, of those in GRID.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from pipeline.alerts import rules
from pipeline.alerts.online import Values, judge
from pipeline.alerts.rules import SurgeRule
from pipeline.cli.detect import read_series

# What an edge outside every window costs at most, by profile.
PROFILES: Final = {"standard": 0.11, "low_fp": 0.22}
PROBATION: Final = 0.15
# Series longer than this have no longer probation.
LONGEST_PROBATION: Final = 750
# Window lengths behind a window over which an edge comes to cost all.
FADE: Final = 3.0
GRID: Final = tuple(product((1e-2, 3e-3, 1e-3, 5e-4, 2e-4, 1e-4), (360, 720, 1440)))


@dataclass(frozen=True)
class Labelled:
    """A series, and its windows by first and last row."""

    series: Values
    windows: Sequence[tuple[int, int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    found = read(parser.parse_args().folder)
    shipped = rules.parse("surge", rules.shipped()["surge"])
    grid = {
        (alpha, minutes): {
            name: edges(one.series, replace(shipped, alpha=alpha, cool_down_minutes=minutes))
            for name, one in found.items()
        }
        for alpha, minutes in GRID
    }
    told = {name: edges(one.series, shipped) for name, one in found.items()}
    left_out = {name: grid[_best(grid, found, without=name)][name] for name in found}
    result: dict[str, Any] = {
        "series": len(found),
        "windows": sum(len(one.windows) for one in found.values()),
        "alpha": shipped.alpha,
        "cool_down_minutes": shipped.cool_down_minutes,
    }
    for title, some in (("shipped", told), ("left out", left_out)):
        result[title] = {profile: round(score(some, found, profile), 1) for profile in PROFILES}
        result[title]["edges"] = sum(len(one) for one in some.values())
    by_series = {name: {name: one} for name, one in found.items()}
    result["by series"] = {
        name.removesuffix(".csv"): [round(score(told, one, profile), 1) for profile in PROFILES]
        for name, one in by_series.items()
    }
    print(json.dumps(result))


def read(folder: Path) -> dict[str, Labelled]:
    """The series that are there and have windows."""
    windows = json.loads((folder / "windows.json").read_text("utf-8"))
    found = {}
    for name, spans in windows.items():
        path = folder / Path(name).name
        if not path.exists():
            continue
        series = read_series(path)
        bounds = np.array(spans, dtype="datetime64[s]").astype(np.int64)
        first = np.searchsorted(series.times, bounds[:, 0])
        last = np.searchsorted(series.times, bounds[:, 1], side="right") - 1
        found[path.name] = Labelled(series, list(zip(first.tolist(), last.tolist(), strict=True)))
    return found


def edges(series: Values, rule: SurgeRule) -> list[int]:
    """The rows behind the probation at which a surge begins."""
    begins = np.flatnonzero(np.diff(judge(series, rule).surge.astype(int), prepend=0) > 0)
    probation = min(int(PROBATION * len(series.values)), LONGEST_PROBATION)
    return [int(row) for row in begins if row >= probation]


def score(told: Mapping[str, Sequence[int]], of: Mapping[str, Labelled], profile: str) -> float:
    """The benchmark's score of these series together, −∞ to 100."""
    windows = sum(len(one.windows) for one in of.values())
    raw = sum(_raw(told[name], one.windows, PROFILES[profile]) for name, one in of.items())
    return 100 * (raw + windows) / (2 * windows)


def _raw(found: Sequence[int], windows: Sequence[tuple[int, int]], cost: float) -> float:
    total, hit = 0.0, set()
    for row in found:
        within = next((w for w in windows if w[0] <= row <= w[1]), None)
        if within is None:
            total += cost * _outside(row, windows)
        elif within not in hit:
            hit.add(within)
            total += _sigmoid((row - within[1] - 1) / _length(within)) / _sigmoid(-1.0)
    return total - (len(windows) - len(hit))


def _outside(row: int, windows: Sequence[tuple[int, int]]) -> float:
    before = [window for window in windows if window[1] < row]
    if not before:
        return -1.0
    behind = (row - before[-1][1]) / (_length(before[-1]) - 1)
    return _sigmoid(behind) if behind <= FADE else -1.0


def _length(window: tuple[int, int]) -> int:
    return window[1] - window[0] + 1


def _sigmoid(place: float) -> float:
    """1 far before the end of a window, 0 at it, −1 far behind; `place` in window lengths."""
    return float(2 / (1 + np.exp(5 * place)) - 1)


def _best(
    grid: Mapping[tuple[float, int], Mapping[str, Sequence[int]]],
    found: Mapping[str, Labelled],
    without: str,
) -> tuple[float, int]:
    others = {name: one for name, one in found.items() if name != without}
    return max(grid, key=lambda key: sum(score(grid[key], others, profile) for profile in PROFILES))


if __name__ == "__main__":
    main()
