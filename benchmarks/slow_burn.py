"""How often a slow burn rings for nothing, and how many planted ones it finds: one JSON line.

    python benchmarks/slow_burn.py [--seed 0]

300 made-up issuers as in planted.py: nine of ten have one or two negative stories a day, one has 50
to 150, and half as many positive ones; an hour is busier or calmer by a gamma factor of shape 2,
weekends have a third of the news. Four weeks are history, ten more are judged. In 60 issuers the
negative stories are one and a half to four times as many for two weeks. What rings outside of these
weeks and the week behind them is false. `by a window` says for how many of the planted ones some
window surges, `by nothing else` how many the slow burn alone finds. About 2 minutes.
"""

import argparse
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from pipeline.alerts import beside, rules
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import episodes
from pipeline.alerts.windows import Series, Span, Story, bucket_of

RULE: Final = rules.parse("surge", rules.shipped()["surge"])
ISSUERS: Final = 300
PLANTED: Final = 60
BEGIN: Final = datetime(2026, 6, 1, tzinfo=UTC)
HISTORY: Final = 28
DAYS: Final = HISTORY + 70
LENGTH: Final = 14
AFTERMATH: Final = 7
OWNERS: Final = 40
_QUIET_DAY: Final = 0.35
_SHAPE: Final = 2.0
_POSITIVE: Final = 0.5
_PER_DAY: Final = 288


@dataclass(frozen=True)
class Issuer:
    """What is told of one issuer, by hours since BEGIN."""

    rate: float
    negative: NDArray[np.int64]
    positive: NDArray[np.int64]
    # First day of the slow burn; None: there is none.
    burns_from: int | None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    draw = np.random.default_rng(seed)
    false, delays = 0, []
    planted, found, by_window, alone = (Counter[str]() for _ in range(4))
    for number in range(ISSUERS):
        issuer = _issuer(draw, number)
        detector = _detector(draw, issuer)
        rang = _rang(detector)
        meant = range(0)
        if issuer.burns_from is not None:
            kind = "busy" if issuer.rate >= 50 else "sparse"
            meant = range(issuer.burns_from + 1, issuer.burns_from + LENGTH + AFTERMATH)
            early = [day for day in rang if issuer.burns_from < day <= issuer.burns_from + LENGTH]
            planted[kind] += 1
            found[kind] += bool(early)
            delays += [day - issuer.burns_from for day in early[:1]]
            surges = _surges(detector, issuer.burns_from)
            by_window[kind] += surges
            alone[kind] += bool(early) and not surges
        false += sum(day not in meant for day in rang)
    result: dict[str, Any] = {
        "seed": seed,
        "false a day": round(false / (DAYS - HISTORY), 2),
        "planted": dict(planted),
        "found": dict(found),
        "by a window": dict(by_window),
        "by nothing else": dict(alone),
        "days until found, median": float(np.median(delays)) if delays else None,
    }
    print(json.dumps(result))


def _issuer(draw: np.random.Generator, number: int) -> Issuer:
    busy = number % 10 == 0
    quiet_rate = min(float(np.exp(draw.normal(np.log(1.4), 0.8))), 40.0)
    rate = float(draw.uniform(50, 150)) if busy else quiet_rate
    day = np.arange(DAYS * 24) // 24
    hourly = rate / 24 * np.where(day % 7 >= 5, _QUIET_DAY, 1.0)

    def counts(mean: NDArray[np.float64]) -> NDArray[np.int64]:
        return draw.poisson(mean * draw.gamma(_SHAPE, 1 / _SHAPE, mean.shape))

    negative, positive = counts(hourly), counts(_POSITIVE * hourly)
    if number % (ISSUERS // PLANTED):
        return Issuer(rate, negative, positive, None)
    begins = int(draw.integers(HISTORY, DAYS - LENGTH))
    within = (day >= begins) & (day < begins + LENGTH)
    times = draw.uniform(1.5, 2.0) if busy else draw.uniform(2.0, 4.0)
    more = counts(hourly * (times - 1)) * within
    return Issuer(rate, negative + more, positive, begins)


def _detector(draw: np.random.Generator, issuer: Issuer) -> Detector:
    hours = np.repeat(np.arange(len(issuer.negative)), issuer.negative)
    minutes = np.sort(hours * 60 + draw.integers(0, 60, len(hours)))
    stories = [
        Story(UUID(int=n), BEGIN + timedelta(minutes=minute), 1.0)
        for n, minute in enumerate(minutes.tolist())
    ]
    first = bucket_of(BEGIN) // _PER_DAY
    daily = (issuer.negative.reshape(DAYS, 24), issuer.positive.reshape(DAYS, 24))
    negative, positive = (counts.sum(axis=1).tolist() for counts in daily)
    return Detector(
        rule=RULE,
        series=Series.of("issuer", stories),
        covered={(BEGIN + timedelta(days=day)).date() for day in range(DAYS)},
        owners={story.story_id: {str(draw.integers(0, OWNERS))} for story in stories},
        apart=[],
        net={first + day: (negative[day], positive[day]) for day in range(DAYS)},
    )


def _rang(detector: Detector) -> list[int]:
    """Days since BEGIN after which a slow burn was new."""
    judged = Span(BEGIN + timedelta(days=HISTORY), BEGIN + timedelta(days=DAYS))
    verdicts = beside.burns(detector, beside.burnt(detector, [judged], judged.end))

    def over_at(end: datetime) -> datetime | None:
        """By the slow burn alone."""
        while end < judged.end:
            end += timedelta(days=1)
            if not detector.burning.goes_on(bucket_of(end) // _PER_DAY):
                return end
        return None

    chained = episodes(verdicts, over_at, RULE.cool_down)
    return [(episode.found_at - BEGIN).days for episode in chained]


def _surges(detector: Detector, begins: int) -> bool:
    start = BEGIN + timedelta(days=begins)
    ends = detector.series.ends([Span(start, start + timedelta(days=LENGTH))])
    return bool(detector.scan(ends))


if __name__ == "__main__":
    main()
