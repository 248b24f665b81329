"""One alerts run: what changed is counted anew, judged, and the alerts brought to what is known."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from pipeline.alerts import beside, rules
from pipeline.alerts.coverage import Coverage
from pipeline.alerts.delivery.notify import MISSED, notify, release
from pipeline.alerts.detect import Detector
from pipeline.alerts.gathering import (
    coverage_of,
    owners_between,
    owners_of,
    reports_of,
    series_of,
)
from pipeline.alerts.kept import keep_inhibited, keep_near_misses
from pipeline.alerts.lifecycle import Decision, Known, decide, episodes
from pipeline.alerts.phrases import STALE_AFTER
from pipeline.alerts.record import (
    RULE_ID,
    Context,
    Standing,
    Subject,
    accompany,
    let_lapse,
    record,
)
from pipeline.alerts.rhythm import Rhythm
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.verdicts import Reason
from pipeline.alerts.windows import (
    DAY,
    Series,
    Span,
    SubjectKind,
    bucket_end,
    bucket_start,
)
from pipeline.store import alerts as store
from pipeline.store import canary, conditions, outages, watching
from pipeline.store.connection import Connection, Cursor, transaction


@dataclass
class RunSummary:
    """What a run did."""

    # The time it evaluated: the one asked for, or the newest of any run before it.
    as_of: datetime
    # Changed buckets it worked off.
    changes: int = 0
    # Alerts by what happened to them, in the words of alert_event.
    events: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    # How often which reason was given for a window.
    reasons: Counter[Reason] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Work:
    """One subject and where its windows must be judged anew."""

    subject: Subject
    spans: Sequence[Span]
    known: Sequence[Known]


@dataclass(frozen=True)
class _News:
    """What the windows of a subject are judged against."""

    covered: AbstractSet[date]
    rhythm: Rhythm
    coverage: Coverage
    # The subject's negative and positive stories by day.
    net: Mapping[int, tuple[int, int]]


def run(link: Connection, as_of: datetime, now: datetime | None = None) -> RunSummary:
    """Evaluate everything that changed up to `as_of`, in one transaction under one lock.

    Runs may be repeated, overlap, come late and out of order: time never moves back, and an episode
    is raised once. `link` has the role alerts; `now` is the clock where a test sets it. Raises
    StoreUnavailable, rules.RuleError, ValueError for a time without zone.
    """
    now = now or datetime.now(UTC)
    if as_of.tzinfo is None or now.tzinfo is None:
        raise ValueError("as_of and now need a time zone")
    with transaction(link) as cursor:
        as_of = store.begin(cursor, as_of)
        pause = _pause(cursor, as_of, now)
        found = store.rule(cursor, RULE_ID, rules.shipped()[RULE_ID])
        rule = rules.parse(RULE_ID, found["body"])
        context = Context(cursor, rule, found["version"], as_of, now)
        changes = store.changes(cursor, as_of)
        store.recount(cursor, changes, context.negative)
        summary = RunSummary(as_of, len(changes))
        if found["enabled"]:
            # Issuers first: what one of them carries is not the topic's.
            for kind in ("issuer", "topic"):
                _evaluate(context, kind, changes, summary)
        for alert_id in let_lapse(context):
            summary.events["lapsed"].append(alert_id)
        missed = pause if pause and as_of - pause > MISSED else None
        notify(cursor, summary.events, now, missed)
        release(cursor, canary.judge(cursor, rule.p_negative, now), now)
        store.end(cursor, changes, now, as_of)
    return summary


def _pause(cursor: Cursor, as_of: datetime, now: datetime) -> datetime | None:
    """Since when nobody had looked for alerts before this run, where that was an outage.

    It is written down, and that it is over; a run that is late itself ends none.
    """
    if now - as_of > STALE_AFTER:
        return None
    checked_at = outages.checked_at(cursor)
    if as_of - checked_at > STALE_AFTER:
        outages.begin(cursor, checked_at)
    outages.end(cursor, as_of)
    return checked_at if as_of - checked_at > STALE_AFTER else None


def _evaluate(
    context: Context, kind: SubjectKind, changes: Sequence[store.Change], summary: RunSummary
) -> None:
    work = _work(context, kind, changes)
    if not work:
        return
    rule, until = context.rule, bucket_end(context.as_of)
    since = {
        # A day's news may lie half a day before the stretch it stands for.
        item.subject.series_id: min(span.start for span in item.spans) - rule.reach - DAY
        for item in work
    }
    rows = store.stories(context.cursor, since, until, context.negative)
    found: dict[int, list[store.StoryRow]] = defaultdict(list)
    for row in rows:
        found[row.series_id].append(row)
    covered = watching.covered(context.cursor, min(since.values()), until)
    hours = watching.hours(context.cursor, min(since.values()), until)
    rhythm = Rhythm.of(hours, covered)
    coverage = coverage_of(context.cursor, min(since.values()), until)
    net = conditions.net(
        context.cursor, kind, since.keys(), min(since.values()), until, context.negative
    )
    carried = _carried(context, min(since.values())) if kind == "topic" else {}
    for item in work:
        kept = found[item.subject.series_id]
        if kind == "topic":
            rests_on = store.rests_on(context.cursor, item.subject.name)
            kept = [
                row for row in kept if row.story_id in rests_on or not _is_carried(row, carried)
            ]
        news = _News(covered, rhythm, coverage, net.get(item.subject.series_id, {}))
        judged = _bring_up_to_date(context, item, series_of(kind, kept), news, summary)
        if len(kept) < len(found[item.subject.series_id]):
            whole = series_of(kind, found[item.subject.series_id])
            owners = owners_of(context.cursor, rule, whole, whole.ends(item.spans))
            keep_inhibited(context, item.subject, judged, whole, owners, item.spans, carried)


def _work(context: Context, kind: SubjectKind, changes: Sequence[store.Change]) -> list[_Work]:
    starts: dict[int, list[datetime]] = defaultdict(list)
    for change in changes:
        starts[change.series_id].append(change.start)
    rule = context.rule
    subjects = store.subjects(context.cursor, kind, starts.keys(), rule.unwatched_topics)
    changed = [start for subject in subjects for start in starts[subject.series_id]]
    names = [subject.subject for subject in subjects]
    since = min(changed, default=context.as_of)
    known: dict[str, list[Known]] = defaultdict(list)
    for row in store.known(context.cursor, kind, names, since, rule.reach):
        values = vars(row).copy()
        known[values.pop("subject")].append(Known(**values))
    work = []
    for subject in subjects:
        alerts = known[subject.subject]
        touched = [Span(start, start + rule.longest) for start in starts[subject.series_id]]
        spans = touched + list(reached(rule, context.as_of, alerts, touched))
        if spans:
            named = Subject(kind, subject.subject, subject.series_id, subject.market)
            work.append(_Work(named, spans, alerts))
    return work


def reached(
    rule: SurgeRule, as_of: datetime, alerts: Iterable[Known], touched: Sequence[Span]
) -> Iterable[Span]:
    """Where the windows of alerts lie that are open, or that a change may have reached."""
    longest = rule.longest
    for alert in alerts:
        if alert.is_open:
            yield Span(alert.onset, bucket_end(as_of))
        else:
            within = Span(
                alert.onset - longest,
                alert.last_surge_at + 2 * longest + rule.cool_down,
            )
            if any(within.overlaps(span) for span in touched):
                yield Span(alert.onset, alert.last_surge_at)


def _bring_up_to_date(
    context: Context,
    work: _Work,
    series: Series,
    news: _News,
    summary: RunSummary,
) -> Detector:
    """Judge the windows of one subject and write down what follows."""
    rule, subject = context.rule, work.subject
    ends = series.ends(work.spans)
    surged = [alert for alert in work.known if alert.condition == "surge"]
    apart = [Span(alert.onset, alert.last_surge_at) for alert in surged]
    until = bucket_end(context.as_of)
    reports = reports_of(context.cursor, rule, subject.series_id, series, work.spans, until)
    detector = Detector(
        rule=rule,
        series=series,
        covered=news.covered,
        owners=owners_of(context.cursor, rule, series, ends),
        apart=apart,
        market=subject.market,
        prior=news.rhythm.by_the_clock_of(subject.market),
        coverage=news.coverage,
        net=news.net,
    )
    burnt = beside.burnt(detector, work.spans, context.as_of)
    # Who tells of a slow burn is asked where there is one.
    detector.owners = {**detector.owners, **owners_between(context.cursor, series, burnt)}

    def over_at(last_end: datetime) -> datetime | None:
        return detector.over_at(last_end, bucket_start(context.as_of))

    found = detector.scan(ends)
    found += beside.events(detector, reports, work.spans) + beside.burns(detector, burnt)
    chained = episodes(found, over_at, rule.cool_down)
    summary.reasons.update(detector.reasons)
    name = (subject.kind, subject.name)
    again = timedelta(days=rule.baseline_days)
    decisions = decide(name, chained, work.known, over_at, again)
    for decision in decisions:
        for what in record(context, subject, series, decision):
            summary.events[what].append(decision.alert_id)
    # A resolved alert too shows who denied it and which of its stories no longer hold.
    standing = _standing(work.known, decisions)
    for alert in standing:
        accompany(context, subject, alert)
    keep_near_misses(context, subject, detector, standing)
    return detector


def _standing(known: Iterable[Known], decisions: Iterable[Decision]) -> list[Standing]:
    """Every alert there is now, and where its surge lies."""
    found = {
        alert.alert_id: Standing(alert.alert_id, alert.onset, alert.last_surge_at)
        for alert in known
    }
    for decision in decisions:
        if decision.episode:
            last_end = decision.episode.last_end
            found[decision.alert_id] = Standing(decision.alert_id, decision.onset, last_end)
    return list(found.values())


def _carried(context: Context, since: datetime) -> dict[str, list[Span]]:
    """When each issuer had an alert that took its stories on."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for issuer, onset, last_surge_at in store.carried(context.cursor, since):
        spans[issuer].append(Span(onset, last_surge_at + context.rule.cool_down))
    return spans


def _is_carried(row: store.StoryRow, carried: Mapping[str, Sequence[Span]]) -> bool:
    return any(
        span.holds(row.occurred_at) for issuer in row.issuers for span in carried.get(issuer, ())
    )
