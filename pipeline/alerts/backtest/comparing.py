"""What a change of the rule changes: alerts gained, lost, found earlier or later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.alerts.backtest.fired import Fired
from pipeline.alerts.windows import Span


class Change(StrEnum):
    """What became of an alert under the other rule."""

    SAME = "same"
    GAINED = "gained"
    LOST = "lost"
    EARLIER = "earlier"
    LATER = "later"
    # Found at the same time, with another severity.
    SEVERITY = "severity"


@dataclass(frozen=True)
class Pair:
    """An alert by the rule in force and the same surge by the other one; one of them may lack."""

    before: Fired | None
    after: Fired | None

    @property
    def change(self) -> Change:
        """What the other rule does to it."""
        if self.before is None or self.after is None:
            return Change.GAINED if self.before is None else Change.LOST
        if self.after.found_at != self.before.found_at:
            earlier = self.after.found_at < self.before.found_at
            return Change.EARLIER if earlier else Change.LATER
        same = self.after.severity == self.before.severity
        return Change.SAME if same else Change.SEVERITY

    @property
    def shown(self) -> Fired:
        """The alert of the other rule, or that it lost."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a pair of nothing")
        return found


def compare(before: Sequence[Fired], after: Iterable[Fired]) -> list[Pair]:
    """Pair the alerts on one subject whose surges overlap, each once, in order of time."""
    left = list(before)
    pairs = []
    for one in after:
        other = next((fired for fired in left if _meet(fired, one)), None)
        if other:
            left.remove(other)
        pairs.append(Pair(other, one))
    pairs += [Pair(fired, None) for fired in left]
    return sorted(pairs, key=lambda pair: (pair.shown.found_at, pair.shown.subject))


def _meet(one: Fired, other: Fired) -> bool:
    alike = (one.subject_kind, one.subject) == (other.subject_kind, other.subject)
    return alike and Span(one.onset, one.last_surge_at).overlaps(
        Span(other.onset, other.last_surge_at)
    )
