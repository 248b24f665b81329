"""How many planted surges are found, beside an oracle and simpler rules: prints one JSON line.

    python benchmarks/surge_planted.py [--seed 0]

The world is that of planted.py. `tocsin` is the shipped rule with its detector and its chaining of
windows to alerts; what it raises outside a surge is false. The oracle knows every true rate and
judges the same windows, of an issuer and of each topic within it; it and the other rules get the
threshold at which they are false as often as tocsin, so that recall can be compared. Days 17 to 30
count; a fortnight before is history. A slow burn needs more of it, and slow_burn.py a longer world.
About 4 minutes.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    by_class,
)
from scipy.special import betainc
from simple_rules import Loudness, chained, ewma, rule_of_thumb, summed, z_score

from pipeline.alerts import beside, rules
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import episodes
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.windows import BUCKET, Series, Span, Story, bucket_of
from pipeline.store.shapes import Condition

RULE: Final = rules.parse("surge", rules.shipped()["surge"])
WINDOWS: Final = tuple(window // BUCKET for window in RULE.windows)
MEASURED: Final = DAYS - FIRST_DAY
# Days of these before which there is history enough for a slow burn.
BURNING: Final = DAYS - RULE.slow_burn.days - RULE.slow_burn.reference_days
# What is found so long behind the end of a surge is that surge still, but found too late.
LATE: Final = PER_HOUR
AFTERMATH: Final = PER_DAY
OWNERS: Final = 40


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
    burns = judged(calm, tocsin(calm, ("slow_burn",)))
    result: dict[str, Any] = {
        "seed": seed,
        "stories": len(world.issuer),
        "surges": {name: len(of) for name, of in by_class(world).items()},
        "seconds": round(seconds),
        "without any surge, false a day": round(quiet.false / MEASURED, 2),
        "without any surge, slow burns a day": round(burns.false / BURNING, 2),
        "tocsin": told(world, ours),
    }
    for name, method in METHODS.items():
        result[name] = told(world, at_false(world, method(world), ours.false))
    result["2 h > 3x 7-day mean"] = told(world, judged(world, rule_of_thumb(world)))
    found = {name: result[name]["recall"]["all"] for name in ("tocsin", "oracle")}
    result["of the oracle"] = round(found["tocsin"] / found["oracle"], 3)
    print(json.dumps(result, ensure_ascii=False))


def tocsin(
    world: World, conditions: Collection[Condition] = ("surge", "slow_burn")
) -> list[list[int]]:
    """The buckets in which each issuer's alerts were found, by these conditions."""
    covered = {(BEGIN + timedelta(days=day)).date() for day in range(DAYS)}
    history = {(BEGIN + timedelta(days=day)).date() for day in range(FIRST_DAY)}
    hours = Counter(((bucket_of(BEGIN) + world.bucket) // PER_HOUR).tolist())
    days = (bucket_of(BEGIN) + world.bucket) // PER_DAY
    rhythm, draw = Rhythm.of(hours, history), np.random.default_rng(1)
    found = []
    for issuer in range(ISSUERS):
        rows = np.flatnonzero(world.issuer == issuer).tolist()
        stories = [
            Story(UUID(int=row), at(int(world.bucket[row])), 1.0, topic=str(world.topic[row]))
            for row in rows
        ]
        owners = {
            UUID(int=row): set(map(str, draw.integers(0, OWNERS, world.publishers[row])))
            for row in rows
        }
        market = MARKETS[world.market[issuer]]
        detector = Detector(
            rule=RULE,
            series=Series.of("issuer", stories),
            covered=covered,
            owners=owners,
            apart=[],
            market=market,
            prior=rhythm.by_the_clock_of(market),
            net={day: (n, 0) for day, n in Counter(days[rows].tolist()).items()},
        )
        found.append(_raised(detector, conditions))
    return found


def _raised(detector: Detector, conditions: Collection[Condition]) -> list[int]:
    """When an analyst hears of each alert, and of a surge that joins a slow burn."""

    def over_at(end: datetime) -> datetime | None:
        return detector.over_at(end, at(BUCKETS))

    measured = Span(at(FIRST_DAY * PER_DAY), at(BUCKETS))
    verdicts = detector.scan(detector.series.ends([measured])) if "surge" in conditions else []
    if "slow_burn" in conditions:
        verdicts += beside.burns(detector, beside.burnt(detector, [measured], measured.end))
    heard = set()
    for episode in episodes(verdicts, over_at, RULE.cool_down):
        heard.add(episode.found_at)
        surges = [v.span.end for v in episode.verdicts if v.condition == "surge"]
        heard.update(surges[:1])
    return sorted((end - BEGIN) // BUCKET for end in heard)


def oracle(world: World) -> Loudness:
    """−log10 p of the most improbable window, by the true mean and variance."""
    found = []
    for issuer in range(ISSUERS):
        rows = world.issuer == issuer
        ends = np.unique(world.bucket[rows]) + 1
        hourly = world.hourly[issuer]
        loud = _surprise(world.bucket[rows], ends, hourly, 1.0)
        for topic in range(TOPICS):
            of_topic = world.bucket[rows & (world.topic == topic)]
            if len(of_topic):
                share = float(world.shares[issuer, topic])
                # It looks at so many series of an issuer.
                told = _surprise(of_topic, ends, hourly, share) - np.log10(TOPICS)
                loud = np.maximum(loud, told)
        found.append((ends, loud))
    return found


def _surprise(buckets: Ints, ends: Ints, hourly: Floats, share: float) -> Floats:
    per_bucket = np.repeat(hourly * share, PER_HOUR) / PER_HOUR
    means, squares = (summed(one) for one in (per_bucket, per_bucket * PER_HOUR * per_bucket))
    loud = np.zeros(len(ends))
    for window in WINDOWS:
        starts = np.maximum(ends - window, 0)
        counts = np.searchsorted(buckets, ends) - np.searchsorted(buckets, ends - window)
        mean = np.maximum(means[ends] - means[starts], 1e-6)
        # Each hour has a gamma factor of shape 2: variance = mean + Σ mean of the hour² / 2.
        size = 2 * mean**2 / np.maximum(squares[ends] - squares[starts], 1e-12)
        tails = betainc(np.maximum(counts, 1e-9), size, mean / (size + mean))
        loud = np.maximum(loud, np.where(counts > 0, -np.log10(np.maximum(tails, 1e-300)), 0))
    return loud


METHODS: Final[dict[str, Callable[[World], Loudness]]] = {
    "oracle": oracle,
    "z-score": z_score,
    "EWMA": ewma,
}


def at_false(world: World, loudness: Loudness, false: int) -> Result:
    """What a method finds at the threshold where it is false no more often than that."""
    low, high = 0.0, 400.0
    for _ in range(30):
        middle = (low + high) / 2
        if judged(world, _over(loudness, middle)).false > false:
            low = middle
        else:
            high = middle
    return judged(world, _over(loudness, high))


def _over(loudness: Loudness, threshold: float) -> list[list[int]]:
    return [chained(ends[loud >= threshold]) for ends, loud in loudness]


def judged(world: World, raised: Sequence[Sequence[int]]) -> Result:
    """Which surges the alerts found, and how many belong to none."""
    by_issuer: dict[int, list[tuple[int, Surge]]] = {}
    for number, surge in enumerate(world.surges):
        by_issuer.setdefault(surge.issuer, []).append((number, surge))
    found: dict[int, int] = {}
    false = alerts = 0
    for issuer, ends in enumerate(raised):
        for end in (end for end in ends if end > FIRST_DAY * PER_DAY):
            alerts += 1
            meant = [
                (number, surge)
                for number, surge in by_issuer.get(issuer, ())
                if surge.start < end <= surge.end + AFTERMATH
            ]
            false += not meant
            for number, surge in meant:
                if end <= surge.end + LATE:
                    found.setdefault(number, end - surge.start)
    return Result(found, false, alerts)


def told(world: World, result: Result) -> dict[str, Any]:
    """Figures of a method: recall by rate class, delay in buckets, alerts a day."""
    recall = {}
    for name, of in by_class(world).items():
        recall[name] = round(sum(n in result.found for n in of) / len(of), 3)
    return {
        "recall": recall,
        "delay": float(np.median(list(result.found.values()))) if result.found else None,
        "false a day": round(result.false / MEASURED, 2),
        "new a day": round(result.alerts / MEASURED, 2),
    }


if __name__ == "__main__":
    main()
