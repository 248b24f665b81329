"""What a run decided not to raise, kept with its reason: near misses, and what others carry."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from pipeline.alerts.detect import Detector
from pipeline.alerts.record import Context, Standing, Subject
from pipeline.alerts.surge import NEARLY
from pipeline.alerts.verdicts import Look, Reason, Verdict
from pipeline.alerts.windows import Series, Span
from pipeline.store import suppressions

_MINUTE: Final = timedelta(minutes=1)
Judged = TypeVar("Judged", Look, Verdict)


def keep_near_misses(
    context: Context, subject: Subject, detector: Detector, standing: Iterable[Standing]
) -> None:
    """Write down what came near a surge, outside of the alerts there are."""
    cursor, cool_down = context.cursor, context.rule.cool_down
    alerted = [Span(one.onset, one.last_end + cool_down) for one in standing]
    named = (subject.kind, subject.name)
    if alerted:
        suppressions.rise(cursor, *named, [(one.start, one.end) for one in alerted], context.now)
    alike: dict[Reason, list[Look]] = defaultdict(list)
    for look in near_misses(detector):
        if not any(span.holds(look.end) for span in alerted):
            alike[look.reason].append(look)
    for reason, looks in alike.items():
        for chain in _chained(looks, [look.end for look in looks], cool_down):
            ends = [look.end for look in chain]
            detail = _figures(_nearest(chain))
            kept = cast(suppressions.Reason, reason.value)
            suppressions.put_episode(
                cursor, kept, *named, (min(ends), max(ends)), cool_down, detail
            )


def near_misses(detector: Detector) -> list[Look]:
    """Windows that were improbable and had too little, or nearly improbable; in order of time.

    One that had too few stories lacks one, and has its publishers.
    """
    looks = (detector.look(*window) for window in sorted(set(detector.near), key=str))
    return sorted((look for look in looks if _is_near(look, detector)), key=lambda look: look.end)


def keep_inhibited(
    context: Context,
    subject: Subject,
    detector: Detector,
    whole: Series,
    owners: Mapping[UUID, AbstractSet[str]],
    spans: Sequence[Span],
    carriers: Collection[str],
) -> None:
    """Write down where a topic surges by stories that the alerts of issuers carry.

    `detector` has judged it without them; `whole` has them, `owners` are theirs, and `carriers` the
    issuers that have such alerts.
    """
    cool_down = context.rule.cool_down
    complete = replace(
        detector, series=whole, owners=owners, apart=[*detector.apart], near=[], reasons=Counter()
    )
    raised = [Span(span.start, span.end + cool_down) for span in detector.apart]
    found = [
        verdict
        for verdict in complete.scan(whole.ends(spans))
        if not any(span.holds(verdict.span.end) for span in raised)
    ]
    for chain in _chained(found, [verdict.span.end for verdict in found], cool_down):
        leading = _nearest(chain)
        about = {i for s in whole.between(leading.span.start, leading.span.end) for i in s.issuers}
        detail = _figures(leading) | {"issuers": sorted(about & set(carriers))}
        ends = [verdict.span.end for verdict in chain]
        suppressions.put_episode(
            context.cursor,
            "inhibited",
            subject.kind,
            subject.name,
            (min(ends), max(ends)),
            cool_down,
            detail,
        )


def _is_near(look: Look, detector: Detector) -> bool:
    rule = detector.rule
    cold = detector.days_before(look.end) < rule.baseline_days
    publishers = rule.cold_start.publishers if cold else rule.min_publishers
    if look.reason is Reason.TOO_FEW_STORIES and look.publishers < publishers:
        return False
    alpha = rule.alpha if look.topic is None else rule.alpha_within
    if look.reason is Reason.USUAL:
        return look.p_value < NEARLY * alpha
    # The fixed rule asks for no improbability.
    return cold or look.p_value < alpha


def _chained(
    found: Sequence[Judged], ends: Sequence[datetime], cool_down: timedelta
) -> list[list[Judged]]:
    """Those that end within a cool-down of each other are one episode."""
    chains: list[list[Judged]] = []
    last = None
    for end, one in sorted(zip(ends, found, strict=True), key=lambda pair: pair[0]):
        if last is None or end - last > cool_down:
            chains.append([])
        chains[-1].append(one)
        last = end
    return chains


def _nearest(chain: Sequence[Judged]) -> Judged:
    return min(chain, key=lambda one: (one.p_value, -one.observed))


def _figures(one: Look | Verdict) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "window_minutes": one.window // _MINUTE,
        "observed": one.observed,
        "publishers": one.publishers,
        "threshold": one.threshold,
        "p_value": one.p_value,
    }
