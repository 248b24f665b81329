"""One subject's buckets judged in order, each by what was known at its end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from pipeline.alerts.backtest.fired import TOLD, Fired, Happening
from pipeline.alerts.backtest.past import Case, Past
from pipeline.alerts.backtest.watching import View
from pipeline.alerts.detect import Detector, Verdict
from pipeline.alerts.lifecycle import Decision, Known, OverAt, decide, episodes
from pipeline.alerts.record import MOST_EVIDENCE, events_of, ranked
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.run import reached
from pipeline.alerts.windows import BUCKET, Series, Span


@dataclass
class Replay:
    """The alerts of one subject as an orderly stream of its stories would have raised them.

    Detector, episodes and decisions are those of an alerts run. A bucket in which nothing can ring
    is passed over, and whether an alert is over is asked only when that makes a difference.
    """

    rule: SurgeRule
    case: Case
    past: Past
    fired: dict[UUID, Fired] = field(default_factory=dict)
    # Stories that an alert which is open rests on.
    rests_on: dict[UUID, None] = field(default_factory=dict)
    _known: dict[UUID, Known] = field(default_factory=dict)
    _verdicts: list[Verdict] = field(default_factory=list)
    _over: dict[datetime, datetime] = field(default_factory=dict)
    _view: View | None = None

    def __post_init__(self) -> None:
        self._detector = Detector(
            rule=self.rule,
            series=self.case.series,
            covered=frozenset(),
            owners=self.past.owners,
            apart=[],
            market=self.case.subject.market,
        )

    @property
    def ends(self) -> list[datetime]:
        """Ends of the buckets that hold a story."""
        return self.case.series.ends([Span(self.past.begin, self.past.until)])

    def count(self, series: Series) -> None:
        """From now on count these of its stories only, those of a topic."""
        self._detector.series = series

    def step(self, end: datetime) -> bool:
        """Judge the bucket that ends there; whether anything surged."""
        if not self._can_ring(end):
            return False
        self._look_from(end)
        found = self._detector.scan([end])
        if not found:
            return False
        self.settle(end - BUCKET)
        self._verdicts += found
        over_at = self._over_at(end - BUCKET)
        known = list(self._known.values())
        chained = episodes(self._within_reach(end, known), over_at, self.rule.cool_down)
        name = (self.case.subject.kind, self.case.subject.name)
        again = timedelta(days=self.rule.baseline_days)
        for decision in decide(name, chained, known, over_at, again):
            self._take(decision, end)
        return True

    def settle(self, at: datetime) -> None:
        """End the alert that was over by then."""
        for alert in self._known.values():
            if not alert.is_open or at - alert.last_surge_at < self.rule.cool_down:
                continue
            over = self._over_at(at)(alert.last_surge_at)
            if over:
                fired = self.fired[alert.alert_id]
                fired.ended_at = over
                fired.happened.append(Happening(over, "resolved", alert.severity))
                self.rests_on.clear()
                ended = replace(alert, state="resolved", resolved_reason="subsided")
                self._known[alert.alert_id] = ended

    def _can_ring(self, end: datetime) -> bool:
        """Whether enough stories of enough publishers lie in the longest window.

        Spares most of the work: of most issuers nothing is usual, and nothing surges.
        """
        rule, cold = self.rule, self.rule.cold_start
        within = self._detector.series.between(end - rule.longest, end)
        if len(within) < rule.min_stories:
            return False
        owners = set(chain.from_iterable(self.past.owners.get(s.story_id, ()) for s in within))
        return len(owners) >= min(rule.min_publishers, cold.publishers)

    def _look_from(self, end: datetime) -> None:
        """Have the detector know what was known then."""
        view = self.past.watch.at(end)
        if view is not self._view:
            prior = view.rhythm.by_the_clock_of(self.case.subject.market)
            self._detector.go_on(view.covered, prior, view.coverage)
            self._view = view
        subject = self.case.subject
        self._detector.apart = [
            *self.past.surges.get((subject.kind, subject.name), ()),
            *(Span(alert.onset, alert.last_surge_at) for alert in self._known.values()),
        ]

    def _over_at(self, until: datetime) -> OverAt:
        def over_at(last_end: datetime) -> datetime | None:
            if last_end not in self._over:
                over = self._detector.over_at(last_end, until)
                if over is None:
                    return None
                self._over[last_end] = over
            return self._over[last_end]

        return over_at

    def _within_reach(self, end: datetime, known: Sequence[Known]) -> list[Verdict]:
        """The verdicts of the windows that a run would judge again."""
        start = end - BUCKET
        touched = [Span(start, start + self.rule.longest)]
        spans = [*touched, *reached(self.rule, start, known, touched)]
        return [
            verdict
            for verdict in self._verdicts
            if any(span.holds(verdict.span.end - BUCKET) for span in spans)
        ]

    def _take(self, decision: Decision, end: datetime) -> None:
        """Bring the alert to what was decided."""
        before = self.fired.get(decision.alert_id)
        if decision.episode is None:
            # One surge with an earlier one, or none after all.
            self.fired.pop(decision.alert_id, None)
            self._known.pop(decision.alert_id, None)
            return
        stories = ranked(self._detector.series, decision, decision.episode)
        subject = self.case.subject
        fired = Fired.of(subject.kind, subject.name, decision, stories)
        fired.happened = list(before.happened) if before else []
        for what in events_of(decision, decision.episode, None):
            if what in TOLD:
                fired.happened.append(Happening(end, what, decision.severity))
        fired.ended_at = decision.episode.over_at
        self.fired[decision.alert_id] = fired
        self._known[decision.alert_id] = fired.known(decision)
        if decision.state != "resolved":
            rested = self.rests_on | dict.fromkeys(story.story_id for story in stories)
            self.rests_on = dict.fromkeys(list(rested)[:MOST_EVIDENCE])
