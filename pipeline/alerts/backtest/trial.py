"""Rules tried on stored history: what each would have raised, whom it would have told."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.alerts.backtest.fired import Fired
from pipeline.alerts.backtest.past import Past
from pipeline.alerts.backtest.running import Progress, backtest
from pipeline.alerts.backtest.telling import Told, told
from pipeline.alerts.delivery.notify import known
from pipeline.alerts.rules import Severity, SurgeRule
from pipeline.store import past as store
from pipeline.store.connection import Connection, transaction


@dataclass(frozen=True)
class Day:
    """What would have happened on one day."""

    day: date
    severities: Mapping[Severity, int]
    # Messages by recipient.
    messages: Mapping[str, int]

    @property
    def alerts(self) -> int:
        return sum(self.severities.values())


@dataclass(frozen=True)
class Trial:
    """One rule over one stretch of time."""

    rule: SurgeRule
    since: datetime
    until: datetime
    # In the order in which they were found.
    fired: Sequence[Fired]
    told: Told

    @property
    def messages(self) -> Counter[str]:
        """How many messages each recipient would have got."""
        return Counter(message.recipient for message in self.told.messages)

    def days(self, zone: ZoneInfo) -> list[Day]:
        """Every day of it, by the calendar of a zone; messages on the day they are due."""
        found = [(one.found_at.astimezone(zone).date(), one.severity) for one in self.fired]
        due = [(m.due_at.astimezone(zone).date(), m.recipient) for m in self.told.messages]
        first = self.since.astimezone(zone).date()
        last = max([self.until.astimezone(zone).date(), *(day for day, _ in due)])
        return [
            Day(
                day,
                Counter(severity for at, severity in found if at == day),
                Counter(recipient for at, recipient in due if at == day),
            )
            for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        ]


@dataclass(frozen=True)
class Trials:
    """Several rules over the same stretch of time."""

    of: Sequence[Trial]
    # English and Chinese name of each issuer that rang.
    names: Mapping[str, tuple[str, str]]


def attempt(
    link: Connection,
    rules: Sequence[SurgeRule],
    since: datetime,
    until: datetime,
    progress: Progress = lambda *_: None,
    limit: timedelta | None = None,
) -> Trials:
    """Backtest each rule by the news as it is stored now and the recipients there are now.

    `limit` is how long one statement may take. Writes nothing. Raises StoreUnavailable, also where
    a statement took too long, and whatever `progress` raises.
    """
    # Nothing is asked while it computes: a transaction that stands still would be ended.
    loaded: dict[object, Past] = {}
    with transaction(link) as cursor:
        if limit:
            store.limit(cursor, limit)
        recipients = known(cursor)
        for rule in rules:
            if _reads(rule) not in loaded:
                loaded[_reads(rule)] = Past.load(cursor, rule, since, until)
    trials = []
    for number, rule in enumerate(rules):

        def done(count: int, total: int, before: int = number) -> None:
            progress(before * total + count, total * len(rules))

        fired = backtest(rule, loaded[_reads(rule)], since, done)
        trials.append(Trial(rule, since, until, fired, told(fired, recipients, since)))
    rang = {one.subject for trial in trials for one in trial.fired if one.subject_kind == "issuer"}
    with transaction(link) as cursor:
        return Trials(trials, store.names(cursor, rang))


def _reads(rule: SurgeRule) -> object:
    """What of a rule decides on the stories that are read."""
    counts = (rule.p_negative, rule.relevance, rule.unwatched_topics)
    return (*counts, rule.longest, rule.reach, rule.severe, rule.slow_burn.days)
