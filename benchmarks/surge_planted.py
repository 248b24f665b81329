"""How many planted surges are found, beside an oracle and simpler rules: prints one JSON line.

    python benchmarks/surge_planted.py [--seed 0]

The world is that of planted.py. `tocsin` is the shipped rule with its detector and its chaining of
windows to alerts; what it raises outside a surge is false. The oracle knows every true rate and
judges the same windows, of an issuer and of each topic within it; it and the other rules get the
threshold at which they are false as often as tocsin, so that recall can be compared. Days 17 to 30
count; a fortnight before is history. About 4 minutes.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from planted import (
    BEGIN,
    BUCKETS,
    DAYS,
    FIRST_DAY,
    ISSUERS,
    MARKETS,
    PER_DAY,
    PER_HOUR,
    TOPICS,
    Floats,
    Ints,
    Surge,
    World,
    at,
    build,
)
from scipy.special import betainc

from pipeline.alerts import rules
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import episodes
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.windows import BUCKET, Series, Story, bucket_of

RULE: Final = rules.parse("surge", rules.shipped()["surge"])
WINDOWS: Final = tuple(window // BUCKET for window in RULE.windows)
COOL_DOWN: Final = RULE.cool_down // BUCKET
MEASURED: Final = DAYS - FIRST_DAY
# What is found so long behind the end of a surge is that surge still, but found too late.
LATE: Final = PER_HOUR
AFTERMATH: Final = PER_DAY
OWNERS: Final = 40

# Of each issuer: ends of buckets with a story, and how loud it is there.
Loudness = list[tuple[Ints, Floats]]


@dataclass(frozen=True)
class Result:
    """What a method raised."""

    # Surge number -> buckets from its start to the first alert.
    found: dict[int, int]
    false: int
    alerts: int


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    world = build(seed)
    began = time.perf_counter()
    ours = judged(world, tocsin(world))
    seconds = time.perf_counter() - began
    calm = build(seed, surges=False)
    quiet = judged(calm, tocsin(calm))
    result: dict[str, Any] = {
        "seed": seed,
        "stories": len(world.issuer),
        "surges": len(world.surges),
        "seconds": round(seconds),
        "without any surge, false a day": round(quiet.false / MEASURED, 2),
        "tocsin": told(world, ours),
    }
    for name, method in METHODS.items():
        result[name] = told(world, at_false(world, method(world), ours.false))
    result["2 h > 3x 7-day mean"] = told(world, judged(world, rule_of_thumb(world)))
    found = {name: result[name]["recall"]["all"] for name in ("tocsin", "oracle")}
    result["of the oracle"] = round(found["tocsin"] / found["oracle"], 3)
    print(json.dumps(result, ensure_ascii=False))


def tocsin(world: World) -> list[list[int]]:
    """The end buckets at which each issuer's alerts were found."""
    covered = {(BEGIN + timedelta(days=day)).date() for day in range(DAYS)}
    first = bucket_of(BEGIN)
    hours: dict[int, int] = {}
    for bucket in world.bucket.tolist():
        hour = (first + bucket) // PER_HOUR
        hours[hour] = hours.get(hour, 0) + 1
    draw = np.random.default_rng(1)
    raised = []
    for issuer in range(ISSUERS):
        rows = np.flatnonzero(world.issuer == issuer)
        stories = [Story(UUID(int=row), at(int(world.bucket[row])), 1.0) for row in rows.tolist()]
        owners = {
            UUID(int=row): set(draw.integers(0, OWNERS, world.publishers[row]).astype(str))
            for row in rows.tolist()
        }
        raised.append(_raised(stories, owners, covered, hours, MARKETS[world.market[issuer]]))
    return raised


def _raised(
    stories: Sequence[Story],
    owners: dict[UUID, set[str]],
    covered: set[Any],
    hours: dict[int, int],
    market: str,
) -> list[int]:
    found: list[int] = []
    detectors: dict[int, Detector] = {}
    series = Series.of("issuer", stories)
    last = at(BUCKETS)
    for day in range(FIRST_DAY, DAYS):
        # What is known of when news comes is known the day before.
        past = {hour: n for hour, n in hours.items() if hour < (bucket_of(BEGIN) // 12 + day * 24)}
        detectors[day] = Detector(
            rule=RULE,
            series=series,
            covered=covered,
            owners=owners,
            apart=[],
            market=market,
            prior=Rhythm.of(past, covered).by_the_clock_of(market),
        )
        break
    detector = detectors[FIRST_DAY]
    ends = [s.at + BUCKET for s in stories if s.at >= at(FIRST_DAY * PER_DAY)]
    verdicts = detector.scan(sorted(set(ends)))
    chained = episodes(verdicts, lambda end: detector.over_at(end, last), RULE.cool_down)
    for episode in chained:
        found.append((episode.found_at - BEGIN) // BUCKET)
    return found
