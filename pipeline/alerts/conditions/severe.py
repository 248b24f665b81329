"""A single severe event: one story whose headline names one, from a publisher that is trusted."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pipeline.alerts.conditions.triggers import LONGEST, Trigger, named_in
from pipeline.alerts.rules import SevereRule
from pipeline.alerts.verdicts import Reason

# Another report of the same kind of event within so long of the one before tells no new one.
SAME_EVENT: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Headline:
    """A story as one publisher titled it."""

    story_id: UUID
    # When the story began, and when this publisher told it.
    began_at: datetime
    at: datetime
    topic: str
    p_negative: float
    title: str
    lang: str
    publisher: str
    tier: str


@dataclass(frozen=True)
class Report:
    """A headline with a listed phrase, and whether it rings."""

    headline: Headline
    trigger: Trigger
    # severe where it rings.
    reason: Reason

    def detail(self) -> dict[str, str]:
        """What an alert keeps of it."""
        headline, trigger = self.headline, self.trigger
        return {
            "category": trigger.category,
            "phrase": trigger.phrase,
            "title": headline.title[:LONGEST],
            "publisher": headline.publisher,
            "tier": headline.tier,
            "story_id": str(headline.story_id),
            "at": headline.at.isoformat(),
        }


def judge(headlines: Iterable[Headline], rule: SevereRule) -> list[Report]:
    """Of each story with a listed phrase the headline that rings first, else the first; in time.

    A kind of event rings once: until nothing was reported of it for three days, what follows are
    repetitions.
    """
    leading: dict[UUID, Report] = {}
    for headline in sorted(headlines, key=_order):
        report = _judge(headline, rule)
        before = leading.get(headline.story_id)
        rings = report and report.reason is Reason.SEVERE
        if report and (before is None or (rings and before.reason is not Reason.SEVERE)):
            leading[headline.story_id] = report
    told: dict[str, datetime] = {}
    found = []
    for report in sorted(leading.values(), key=lambda one: _order(one.headline)):
        category, at = report.trigger.category, report.headline.at
        if report.reason is Reason.SEVERE:
            last, told[category] = told.get(category), at
            if last and at - last <= SAME_EVENT:
                report = replace(report, reason=Reason.REPEATED)
        found.append(report)
    return found


def _order(headline: Headline) -> tuple[datetime, UUID, str]:
    return headline.at, headline.story_id, headline.publisher


def _judge(headline: Headline, rule: SevereRule) -> Report | None:
    if headline.topic not in rule.topics:
        return None
    named = named_in(headline.title, headline.lang, rule.triggers)
    if named is None:
        return None
    trigger, denied = named
    if denied:
        reason = Reason.DENIED
    elif headline.tier not in rule.tiers:
        reason = Reason.NOT_TRUSTED
    elif headline.p_negative < rule.p_negative:
        reason = Reason.NOT_NEGATIVE
    else:
        reason = Reason.SEVERE
    return Report(headline, trigger, reason)
