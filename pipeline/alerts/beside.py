"""What rings beside the windows of one subject: events and slow burns, as verdicts like theirs.

Neither is kept out of baselines: one story is no surge, and what burns on is what is usual soon.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.alerts import surge
from pipeline.alerts.conditions.severe import Report
from pipeline.alerts.detect import Detector
from pipeline.alerts.usual import PER_DAY
from pipeline.alerts.verdicts import Reason, Verdict
from pipeline.alerts.windows import (
    BUCKET,
    DAY,
    Span,
    bucket_end,
    bucket_of,
    bucket_start,
    bucket_start_of,
)


def events(detector: Detector, reports: Iterable[Report], within: Sequence[Span]) -> list[Verdict]:
    """The reports that ring and were told within one of the spans, with the day before each."""
    judged = [one for one in reports if any(span.holds(one.headline.at) for span in within)]
    detector.reasons.update(report.reason for report in judged)
    return [_event(detector, one) for one in judged if one.reason is Reason.SEVERE]


def burnt(detector: Detector, within: Sequence[Span], until: datetime) -> list[Span]:
    """The slow burns that ring within the spans, each from its first day to its last.

    Only days count that were over by `until`.
    """
    days = {
        day
        for span in within
        for day in range(
            bucket_of(span.start) // PER_DAY, bucket_of(min(span.end, until)) // PER_DAY + 1
        )
    }
    found = []
    for day in sorted(days):
        burn, end = detector.burning.before(day), bucket_start_of(day * PER_DAY)
        if burn and detector.burning.rings(day):
            found.append(Span(end - burn.days * DAY, end))
    return found


def burns(detector: Detector, spans: Iterable[Span]) -> list[Verdict]:
    """Those of these slow burns that enough publishers tell of."""
    found = [verdict for span in spans if (verdict := _burn(detector, span))]
    detector.reasons.update(verdict.reason for verdict in found)
    return found


def _event(detector: Detector, report: Report) -> Verdict:
    headline, rule = report.headline, detector.rule
    look = detector.look(bucket_end(headline.at), rule.windows[-1])
    return Verdict(
        reason=Reason.SEVERE,
        span=Span(bucket_start(headline.began_at), look.end),
        window=look.window,
        # A copy may be told when its story has left the window.
        observed=max(1, look.observed),
        publishers=max(1, look.publishers),
        baseline=look.baseline,
        threshold=look.threshold,
        p_value=look.p_value,
        severity=rule.severe.severity,
        detail=report.detail(),
    )


def _burn(detector: Detector, span: Span) -> Verdict | None:
    rule, longest = detector.rule.slow_burn, detector.rule.longest
    burn = detector.burning.before(bucket_of(span.end) // PER_DAY)
    window = span.end - span.start
    publishers = detector.publishers(span.end, window)
    if burn is None or publishers < rule.min_publishers:
        return None
    usual = detector.usual(span.end)
    # Of several windows one after another the sizes add up.
    size = usual.levels[longest // BUCKET].size * (window / longest)
    baseline = surge.Baseline(max(burn.usual_negative, surge.LEAST_MEAN), size, usual.days)
    return Verdict(
        reason=Reason.SLOW_BURN,
        span=Span(span.end - DAY, span.end),
        window=window,
        observed=burn.negative,
        publishers=publishers,
        baseline=baseline,
        threshold=burn.negative,
        p_value=surge.p_value(burn.negative, baseline),
        severity=rule.severity,
        detail={
            "since": span.start.isoformat(),
            "net": burn.negative - burn.positive,
            "usual": round(burn.usual_net),
            "score": round(burn.score, 1),
        },
    )
