"""The slow burn of one subject, day by day: when it rings, and until when it goes on.

Days are those of UTC, counted since 1970, and are judged when they are over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pipeline.alerts.conditions import slow_burn
from pipeline.alerts.conditions.slow_burn import Burn, Days
from pipeline.alerts.rules import SlowBurnRule
from pipeline.alerts.surge import Numbers


@dataclass
class Burning:
    """One subject under one rule. It knows what it is given and asks nobody."""

    rule: SlowBurnRule
    # Negative and positive stories of each day that has any, neutral ones too.
    net: Mapping[int, tuple[int, int]]
    # Of a day: the exposures of the days before it, the oldest first.
    exposures: Callable[[int], Numbers]
    _burns: dict[int, Burn | None] = field(init=False, default_factory=dict, repr=False)

    def before(self, day: int) -> Burn | None:
        """The sum of the days before `day`; None: too little is known of them."""
        if day not in self._burns:
            self._burns[day] = self._judge(day)
        return self._burns[day]

    def rings(self, day: int) -> bool:
        """Whether the days before `day` add up to an alert."""
        burn = self.before(day)
        return burn is not None and (
            burn.score >= self.rule.decision and burn.negative >= self.rule.min_stories
        )

    def goes_on(self, day: int) -> bool:
        """Whether it rings, or rang and was not below the clear share since."""
        for back in range(day, day - self.rule.days, -1):
            if self.rings(back):
                return True
            burn = self.before(back)
            if burn is None or burn.score < self.rule.clear * self.rule.decision:
                return False
        return False

    def _judge(self, day: int) -> Burn | None:
        if not (self.rule.enabled and self.net):
            return None
        exposure = self.exposures(day)
        # Of days before its first story nothing is known: nobody may have looked for it yet.
        exposure[: max(0, min(self.net) - (day - len(exposure)))] = 0
        counts = [self.net.get(one, (0, 0)) for one in range(day - len(exposure), day)]
        negative, positive = np.array(counts, dtype=np.float64).T
        return slow_burn.judge(Days(negative, positive, exposure), self.rule)
