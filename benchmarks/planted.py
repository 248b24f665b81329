"""Negative stories of 300 made-up issuers in 30 days, with surges planted where we know them.

Rates are those of a desk: nine issuers of ten have one or two negative stories a day, one has 50 to
150. Each exchange has its hours, weekends and a holiday. An hour of an issuer is busier or calmer
than expected by a gamma factor of shape 2, so that counts are overdispersed and come in bursts. Ten
sources carry the news; one is added, all are down for five hours, four for two days. Stories are
reprinted by more publishers; reprints are no stories.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS: Final = 30
ISSUERS: Final = 300
TOPICS: Final = 15
SOURCES: Final = 10
# A Monday; 1 to 7 October are holidays in Shanghai, the 1st in Hong Kong.
BEGIN: Final = datetime(2026, 9, 14, tzinfo=UTC)
MARKETS: Final = ("SH", "HK", "US")
# Hours before UTC of each market's clock, and the days without trading besides weekends.
OFFSETS: Final = (8, 8, -4)
HOLIDAYS: Final = (range(17, 24), range(17, 18), range(0))
PER_DAY: Final = 288
PER_HOUR: Final = 12
HOURS: Final = DAYS * 24
BUCKETS: Final = DAYS * PER_DAY
# From this day on there is a history, and surges are planted.
FIRST_DAY: Final = 16
_OUTAGE: Final = (20, 4, 9)
_HALF_BLIND: Final = (range(4), 23, 25)
_ADDED: Final = (9, 12)
_PROFILE: Final = (
    3,
    2,
    2,
    2,
    3,
    5,
    9,
    15,
    22,
    20,
    16,
    14,
    11,
    13,
    15,
    18,
    19,
    16,
    12,
    10,
    8,
    6,
    5,
    4,
)
_QUIET_DAY: Final = 0.35
_SHAPE: Final = 2.0


@dataclass(frozen=True)
class Surge:
    """One planted surge; buckets count from BEGIN."""

    issuer: int
    start: int
    end: int
    # How many times the rate of a busy issuer it is; None: stories were counted out instead.
    times: float | None


@dataclass(frozen=True)
class World:
    """What happened, and at which rates it was to be expected."""

    # Of each story, in order of issuer and time.
    issuer: Ints
    bucket: Ints
    topic: Ints
    # How many publishers carry it.
    publishers: Ints
    surges: Sequence[Surge]
    # Stories a day of each issuer, the true hourly means without any surge, and topics' shares.
    rate: Floats
    hourly: Floats
    shares: Floats
    market: Ints


def at(bucket: int) -> datetime:
    """Start of a bucket."""
    return BEGIN + bucket * timedelta(minutes=5)


def build(seed: int, *, surges: bool = True) -> World:
    """The world of a seed; without surges, everything else is drawn the same way."""
    draw = np.random.default_rng(seed)
    busy = np.arange(ISSUERS) < ISSUERS // 10
    quiet_rates = np.minimum(np.exp(draw.normal(np.log(1.4), 0.8, ISSUERS)), 40)
    rate = np.where(busy, draw.uniform(50, 150, ISSUERS), quiet_rates)
    market = draw.integers(0, len(MARKETS), ISSUERS)
    shares = draw.dirichlet(np.full(TOPICS, 0.6), ISSUERS)
    sources, active = draw.dirichlet(np.full(SOURCES, 3.0)), _active()
    hourly = rate[:, None] / 24 * _season()[market] * (sources @ active)
    mean = hourly * draw.gamma(_SHAPE, 1 / _SHAPE, hourly.shape)
    counts = draw.poisson(mean)
    issuer, hour = np.nonzero(counts)
    repeat = counts[issuer, hour]
    issuer, hour = np.repeat(issuer, repeat), np.repeat(hour, repeat)
    bucket = hour * PER_HOUR + draw.integers(0, PER_HOUR, len(hour))
    topic = (draw.random(len(issuer))[:, None] > shares.cumsum(1)[issuer]).sum(1)
    parts = [np.stack([issuer, bucket, np.minimum(topic, TOPICS - 1)])]
    planted: list[Surge] = []
    if surges:
        for who in range(ISSUERS):
            for _ in range(2 if busy[who] else int(draw.random() < 0.4)):
                surge, stories = _surge(draw, who, bool(busy[who]), hourly[who], shares[who])
                if all(
                    abs(surge.start - other.start) > 2 * PER_DAY
                    for other in planted
                    if other.issuer == who
                ):
                    planted.append(surge)
                    parts.append(stories)
    every = np.concatenate(parts, axis=1)
    every = every[:, np.lexsort((every[1], every[0]))]
    publishers = 1 + draw.poisson(1.0, every.shape[1])
    return World(every[0], every[1], every[2], publishers, planted, rate, hourly, shares, market)


def by_class(world: World) -> dict[str, list[int]]:
    """The numbers of the surges of each rate class, and in the busiest of each strength."""
    classes: dict[str, Callable[[float, float], bool]] = {
        "sparse, under 3 a day": lambda rate, _: rate < 3,
        "3 to 50 a day": lambda rate, _: 3 <= rate < 50,
        "busy, 50 and more": lambda rate, _: rate >= 50,
        "busy, 2 to 4 times": lambda _, times: 2 <= times < 4,
        "busy, 4 times and more": lambda _, times: times >= 4,
        "all": lambda *_: True,
    }
    surges = list(enumerate(world.surges))
    return {
        name: [n for n, surge in surges if holds(world.rate[surge.issuer], surge.times or 0)]
        for name, holds in classes.items()
    }


def _surge(
    draw: np.random.Generator, issuer: int, busy: bool, hourly: Floats, shares: Floats
) -> tuple[Surge, Ints]:
    """2 to 10 times the rate for two to six hours, or 4 to 8 stories in two, within one topic."""
    start = int(draw.integers(FIRST_DAY * PER_DAY, (DAYS - 1) * PER_DAY))
    topic = int(draw.choice(TOPICS, p=shares))
    if busy:
        length = int(draw.integers(2 * PER_HOUR, 6 * PER_HOUR + 1))
        buckets = np.arange(start, min(start + length, BUCKETS))
        times = float(draw.uniform(2, 10))
        more = (times - 1) * hourly[buckets // PER_HOUR] / PER_HOUR
        buckets = np.repeat(buckets, draw.poisson(more * draw.gamma(_SHAPE, 1 / _SHAPE)))
    else:
        length, times = 2 * PER_HOUR, None
        buckets = start + draw.integers(0, length, int(draw.integers(4, 9)))
    stories = np.stack([np.full(len(buckets), part) for part in (issuer, 0, topic)])
    stories[1] = buckets
    return Surge(issuer, start, start + length, times), stories


def _active() -> Floats:
    """Which source delivers in which hour."""
    active = np.ones((SOURCES, HOURS))
    day, first, last = _OUTAGE
    active[:, day * 24 + first : day * 24 + last] = 0
    some, first, last = _HALF_BLIND
    active[some, first * 24 : last * 24] = 0
    source, day = _ADDED
    active[source, : day * 24] = 0
    return active


def _season() -> Floats:
    """How much of its mean rate each hour of each market has."""
    profile = np.array(_PROFILE) / np.mean(_PROFILE)
    found = []
    for offset, holidays in zip(OFFSETS, HOLIDAYS, strict=True):
        local = np.arange(HOURS) + offset
        day = local // 24
        quiet = (day % 7 >= 5) | np.isin(day, list(holidays))
        found.append(profile[local % 24] * np.where(quiet, _QUIET_DAY, 1.0))
    return np.array(found)
