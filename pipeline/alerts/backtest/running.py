"""A rule over stored history: what it would have raised, and when."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipeline.alerts.backtest.fired import Fired
from pipeline.alerts.backtest.past import Case, Past
from pipeline.alerts.backtest.replaying import Replay
from pipeline.alerts.rules import SurgeRule
from pipeline.alerts.windows import BUCKET, Series, Span, Story

# Called with how many subjects are done and how many there are; what it raises ends the backtest.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Move:
    """From one time on an issuer's alert takes on the stories of a span."""

    at: datetime
    issuer: str
    span: Span


def backtest(
    rule: SurgeRule, past: Past, since: datetime, progress: Progress = lambda *_: None
) -> list[Fired]:
    """The alerts that would have been found from `since` on, in that order. Asks nobody.

    Every five-minute bucket with a story is judged as of its end, by stories that occurred before
    it, and by what was watched until the hour before.
    """
    total = sum(len(cases) for cases in past.cases.values())
    found: list[Fired] = []
    moves = [
        _Move(past.begin, issuer, Span(one.span.start, one.span.end + rule.cool_down))
        for (kind, issuer), earlier in past.surges.items()
        if kind == "issuer"
        for one in earlier
    ]
    done = 0
    # Issuers first: what one of them carries is not the topic's.
    for case in past.cases["issuer"]:
        replay = Replay(rule, case, past)
        for end in replay.ends:
            if replay.step(end):
                moves += _moves(rule, replay, end)
        found += _finished(replay)
        progress(done := done + 1, total)
    moves.sort(key=lambda move: move.at)
    for case in past.cases["topic"]:
        found += _topic(rule, case, past, moves)
        progress(done := done + 1, total)
    after = (fired for fired in found if fired.found_at > since)
    return sorted(after, key=lambda fired: (fired.found_at, fired.subject))


def _moves(rule: SurgeRule, replay: Replay, end: datetime) -> list[_Move]:
    return [
        _Move(end, fired.subject, Span(fired.onset, fired.last_surge_at + rule.cool_down))
        for fired in replay.fired.values()
        if fired.ended_at is None
    ]


def _topic(rule: SurgeRule, case: Case, past: Past, moves: Sequence[_Move]) -> list[Fired]:
    """A topic's alerts: a story that an issuer's alert carries is not the topic's."""
    replay = Replay(rule, case, past)
    about: Mapping[str, list[Story]] = defaultdict(list)
    for story in case.series.stories:
        for issuer in story.issuers:
            about[issuer].append(story)
    carried: set[UUID] = set()
    left_out: frozenset[UUID] = frozenset()
    done = 0
    for end in replay.ends:
        while done < len(moves) and moves[done].at <= end:
            move = moves[done]
            carried |= {s.story_id for s in about.get(move.issuer, ()) if move.span.holds(s.at)}
            done += 1
        replay.settle(end - BUCKET)
        if left_out != (left_out := frozenset(carried - replay.rests_on.keys())):
            kept = (story for story in case.series.stories if story.story_id not in left_out)
            replay.count(Series.of("topic", kept))
        replay.step(end)
    return _finished(replay)


def _finished(replay: Replay) -> list[Fired]:
    replay.settle(replay.past.until)
    return list(replay.fired.values())
