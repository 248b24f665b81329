"""One subject's buckets judged in order, each by what was known at its end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from pipeline.alerts import beside
from pipeline.alerts.backtest.fired import TOLD, Fired, Happening
from pipeline.alerts.backtest.past import Case, Past
from pipeline.alerts.backtest.watching import View
from pipeline.alerts.conditions.severe import Report
from pipeline.alerts.detect import Detector
from pipeline.alerts.lifecycle import Decision, Known, OverAt, decide, episodes
from pipeline.alerts.record import MOST_EVIDENCE, events_of, ranked
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.run import reached
from pipeline.alerts.usual import PER_DAY
from pipeline.alerts.verdicts import Verdict
from pipeline.alerts.windows import (
    BUCKET,
    DAY,
    Series,
    Span,
    bucket_end,
    bucket_of,
    bucket_start_of,
)


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
    # Days of which it is known whether the days before burnt slowly.
    _asked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._reports: dict[datetime, list[Report]] = defaultdict(list)
        for report in self.case.reports:
            self._reports[bucket_end(report.headline.at)].append(report)
        self._detector = Detector(
            rule=self.rule,
            series=self.case.series,
            covered=frozenset(),
            owners=self.past.owners,
            apart=[],
            market=self.case.subject.market,
            net=self.case.net,
        )

    @property
    def ends(self) -> list[datetime]:
        """Ends of the buckets in which something can ring, in order.

        Those with a story, a headline of an event, the first news of a day; of every day the first,
        in which an open alert may turn out to burn on.
        """
        begin, until = self.past.begin, self.past.until
        days = range(bucket_of(begin) // PER_DAY + 1, bucket_of(until) // PER_DAY + 1)
        first = [bucket_start_of(day * PER_DAY) + BUCKET for day in days]
        others = [*self._reports, *self.case.begun, *first]
        found = {end for end in others if begin < end <= until}
        return sorted({*self.case.series.ends([Span(begin, until)]), *found})

    def count(self, series: Series) -> None:
        """From now on count these of its stories only, those of a topic."""
        self._detector.series = series

    def step(self, end: datetime) -> bool:
        """Judge the bucket that ends there; whether anything rang."""
        found: list[Verdict] = []
        if self._can_ring(end):
            self._look_from(end)
            found += self._detector.scan([end])
        found += self._beside(end)
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

    def _beside(self, end: datetime) -> list[Verdict]:
        """What rings in that bucket beside windows: events, and days that add up to a slow burn."""
        start, found = end - BUCKET, list[Verdict]()
        within = [Span(start, end)]
        if reports := self._reports.get(end):
            self._look_from(end)
            found += beside.events(self._detector, reports, within)
        if self._asks_of_days(end):
            self._look_from(end)
            found += beside.burns(self._detector, beside.burnt(self._detector, within, start))
        return found

    def _asks_of_days(self, end: datetime) -> bool:
        """Whether a run would now first judge the days before: at news, or with an open alert."""
        day = bucket_of(end - BUCKET) // PER_DAY
        if day in self._asked or not (self.rule.slow_burn.enabled and self.case.net):
            return False
        self.settle(end - BUCKET)
        if end in self.case.begun or any(alert.is_open for alert in self._known.values()):
            self._asked.add(day)
            return True
        return False

    def _can_ring(self, end: datetime) -> bool:
        """Whether a story came, and enough of enough publishers lie in the longest window.

        Spares most of the work: of most issuers nothing is usual, and nothing surges.
        """
        rule, cold = self.rule, self.rule.cold_start
        within = self._detector.series.between(end - rule.longest, end)
        if len(within) < rule.min_stories or within[-1].at < end - BUCKET:
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
            *(
                one.span
                for one in self.past.surges.get((subject.kind, subject.name), ())
                if one.condition == "surge"
            ),
            *(
                Span(alert.onset, alert.last_surge_at)
                for alert in self._known.values()
                if alert.condition == "surge"
            ),
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
            if any(span.overlaps(_told_in(verdict)) for span in spans)
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


def _told_in(verdict: Verdict) -> Span:
    """The buckets that have a run judge it: its last one, and of a slow burn the day after it."""
    end = verdict.span.end
    return Span(end, end + DAY) if verdict.condition == "slow_burn" else Span(end - BUCKET, end)
