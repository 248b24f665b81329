"""How the canary fares: the legs of its way, and where it stopped."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pipeline.store import canary, delivery
from pipeline.store.canary import Canary, Flight
from pipeline.store.connection import Cursor
from pipeline.store.delivery import Health

# One flies an hour; it may be put off by a crawl that is under way.
_EVERY: Final = timedelta(minutes=75)
# Each is to be through after so long.
_PATIENCE: Final = timedelta(minutes=15)

Name = Literal["crawl", "consumer", "alerts", "delivery"]
LEGS: Final[tuple[Name, ...]] = ("crawl", "consumer", "alerts", "delivery")
# Why a leg is broken.
Why = Literal["no_flight", "not_stored", "not_judged", "not_told"]


@dataclass(frozen=True)
class Leg:
    """One part of the way."""

    name: Name
    # How long the newest canary took for it; None: it has not come through.
    took: timedelta | None
    # Why it will not, as things are; None: it has, or there is time.
    why: Why | None


@dataclass(frozen=True)
class Way:
    """The way of the newest canary."""

    # When it was fetched; None: none ever was.
    fetched_at: datetime | None
    # Whether there is a test channel for it.
    has_channel: bool
    legs: tuple[Leg, ...]

    @property
    def stopped(self) -> Leg | None:
        """The first leg that is broken."""
        return next((leg for leg in self.legs if leg.why), None)


def way(cursor: Cursor, now: datetime) -> Way | None:
    """How the newest canary fares; None where none ever flew."""
    flight, newest = canary.flight(cursor), canary.latest(cursor)
    if flight is None and newest is None:
        return None
    channels = [one for one in delivery.health(cursor, now) if _takes_it(one)]
    return judge(flight, newest, now, has_channel=bool(channels))


def judge(flight: Flight | None, newest: Canary | None, now: datetime, *, has_channel: bool) -> Way:
    """The way, from what is known of the latest visit and the newest canary."""
    arrived = newest is not None and (flight is None or newest.fetched_at >= flight.started_at)
    # One that has not arrived is no longer told of by an earlier one that had.
    found = newest if arrived else None
    crawled, stored, judged, told = (
        (
            _between(found.fetched_at, found.seen_at),
            _between(found.seen_at, found.scored_at),
            _between(found.scored_at, found.judged_at),
            _between(found.judged_at, found.told_at),
        )
        if found
        else (None,) * 4
    )
    legs = (
        Leg("crawl", crawled, _not_flown(flight, now)),
        Leg("consumer", stored, _not_stored(flight, arrived, now)),
        Leg("alerts", judged, _not_judged(found, now)),
        Leg("delivery", told, "not_told" if has_channel and _not_told(found, now) else None),
    )
    return Way(newest.fetched_at if newest else None, has_channel, legs)


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return end - start if start and end else None


def _takes_it(one: Health) -> bool:
    return one.enabled and bool(one.body.get("canary"))


def _not_flown(flight: Flight | None, now: datetime) -> Why | None:
    late = flight is not None and now - flight.ended_at > _EVERY
    return "no_flight" if late else None


def _not_stored(flight: Flight | None, arrived: bool, now: datetime) -> Why | None:
    late = flight is not None and flight.published and now - flight.ended_at > _PATIENCE
    return "not_stored" if late and not arrived else None


def _not_judged(found: Canary | None, now: datetime) -> Why | None:
    if found is None or found.judged_at or now - found.scored_at <= _PATIENCE:
        return None
    return "not_judged"


def _not_told(found: Canary | None, now: datetime) -> bool:
    return bool(
        found and found.judged_at and not found.told_at and now - found.judged_at > _PATIENCE
    )
