"""When all news comes: what the hours of a series are shrunk towards while it has few stories."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from pipeline.alerts import exchanges, profile
from pipeline.alerts.profile import HOURS
from pipeline.alerts.surge import Numbers
from pipeline.alerts.usual import Buckets

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Rhythm:
    """Stories hour by hour, told by the clock of any exchange."""

    # Counted since 1970 in UTC.
    _hours: Buckets
    _counts: Numbers
    _told: dict[str | None, Numbers] = field(default_factory=dict)

    @classmethod
    def of(cls, stories: Mapping[int, int], covered: AbstractSet[date]) -> "Rhythm":
        """From the stories of each hour that has any; other hours of `covered` days have none."""
        days = np.array(sorted(day.toordinal() - _EPOCH for day in covered), dtype=np.int64)
        hours = (days[:, None] * HOURS + np.arange(HOURS)).ravel()
        return cls(hours, np.array([stories.get(hour, 0) for hour in hours.tolist()], np.float64))

    def by_the_clock_of(self, market: str | None) -> Numbers:
        """Factor of each cell of the profile; `market` is the end of a security's code."""
        if market not in self._told:
            cells = exchanges.cells(self._hours, market)
            watched = np.ones(len(self._hours))
            self._told[market] = profile.learn(self._counts, watched, cells, profile.flat())
        return self._told[market]
