"""The clock a series follows: the hours, trading days and holidays of its issuer's exchange."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from pipeline.alerts.profile import HOURS, KINDS, Cells
from pipeline.alerts.usual import Buckets

# End of a security's code -> exchange, by its ISO 10383 code.
EXCHANGES: Final[Mapping[str, str]] = MappingProxyType(
    {"SH": "XSHG", "SZ": "XSHG", "BJ": "XSHG", "HK": "XHKG", "US": "XNYS"}
)
_HOUR_SECONDS: Final = 3600
_SATURDAY: Final = 5
_WORKDAY, _WEEKEND, _HOLIDAY = range(len(KINDS))


def cells(hours: Buckets, market: str | None) -> Cells:
    """Cell of the profile of each hour, counted since 1970 in UTC.

    `market` is the end of a security's code; None, or one without a calendar here: UTC, where every
    day but the weekend is a workday. On half a trading day the hours after its close are a
    holiday's. Behind the last holiday that is known every weekday is a workday.
    """
    if market is None or market not in EXCHANGES:
        times = pd.to_datetime(hours * _HOUR_SECONDS, unit="s")
        weekend = np.asarray(times.day_of_week) >= _SATURDAY
        return _cells(np.where(weekend, _WEEKEND, _WORKDAY), times)
    calendar = _calendar(EXCHANGES[market])
    times = pd.to_datetime(hours * _HOUR_SECONDS, unit="s", utc=True).tz_convert(calendar.zone)
    days = times.tz_localize(None).normalize()
    closed = ~np.isin(days, calendar.sessions) & (days <= calendar.last)
    early = np.isin(days, calendar.half_days) & (np.asarray(times.hour) >= calendar.half_day_close)
    weekend = np.asarray(times.day_of_week) >= _SATURDAY
    kinds = np.where(weekend, _WEEKEND, np.where(closed | early, _HOLIDAY, _WORKDAY))
    return _cells(kinds, times)


@lru_cache(maxsize=256)
def cells_between(first: int, last: int, market: str | None) -> Cells:
    """As `cells`, of the hours from `first` to just before `last`; not to be written to."""
    return cells(np.arange(first, last), market)


def next_close(market: str | None, at: datetime) -> datetime | None:
    """When the exchange of that market next closes for the day; None where none is known."""
    if market is None or market not in EXCHANGES:
        return None
    import exchange_calendars

    try:
        found = exchange_calendars.get_calendar(EXCHANGES[market]).next_close(pd.Timestamp(at))
    except ValueError:  # behind the last day whose holidays are known
        return None
    close: datetime = found.to_pydatetime()
    return close


def known_until() -> dict[str, date]:
    """The last day whose holidays are known, by exchange."""
    return {name: _calendar(name).last.date() for name in sorted(set(EXCHANGES.values()))}


def _cells(kinds: Cells, times: pd.DatetimeIndex) -> Cells:
    found: Cells = kinds * HOURS + np.asarray(times.hour)
    return found


@dataclass(frozen=True)
class _Calendar:
    zone: str
    # Local midnights of the trading days, and of those that end early.
    sessions: pd.DatetimeIndex
    half_days: pd.DatetimeIndex
    # Local hour from which on half a trading day is over.
    half_day_close: int
    last: pd.Timestamp


@cache
def _calendar(name: str) -> _Calendar:
    import exchange_calendars

    found = exchange_calendars.get_calendar(name)
    closes = found.closes.loc[found.early_closes].dt.tz_convert(found.tz)
    half_day_close = int(closes.dt.hour.max()) if len(closes) else HOURS
    return _Calendar(
        str(found.tz), found.sessions, found.early_closes, half_day_close, found.last_session
    )
