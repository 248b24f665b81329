"""Stories that report one event in other words become one, after the batch that brought them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pipeline.reports import Reports, Story
from pipeline.store import joining as store
from pipeline.store.connection import Connection, Cursor
from pipeline.store.joining import Due, Report, Told
from pipeline.stories import REACH

# Reports that are compared in one transaction: PostgreSQL ends one that stands still for seconds.
_MOST: Final = 250


class Joiner:
    """Compares what was not compared yet with what stands around it, one process at a time.

    What it keeps between turns never changes: the vectors of reports. Everything else is read
    anew in each turn, because other processes take turns too.
    """

    def __init__(self, checkpoint: Callable[[str], None] = lambda _: None) -> None:
        """`checkpoint` is told in each turn: compared, before its transaction ends."""
        self._checkpoint = checkpoint
        self._known: dict[UUID, Report] = {}

    def join(self, link: Connection) -> int | None:
        """How many stories went into another one; None while another process has the turn.

        Raises StoreUnavailable; what was not compared by then is compared in a later turn.
        """
        joined, more = 0, True
        while more:
            with store.turn(link) as cursor:
                if cursor is None:
                    # What went together before is told all the same.
                    return joined or None
                due = store.due(cursor, _MOST)
                if due:
                    joined += self._turn(cursor, due)
                more = len(due) == _MOST
        return joined

    def _turn(self, cursor: Cursor, due: Sequence[Due]) -> int:
        told = store.told(cursor, _spans(due))
        here = {one.report_id for one in told}
        self._known = {key: one for key, one in self._known.items() if key in here}
        self._known |= store.reports(cursor, here - self._known.keys())
        pairs = list(_pairs([one.story_id for one in due], told, self._known))
        self._checkpoint("compared")
        joined = store.join(cursor, pairs)
        store.compared(cursor, (one.story_id for one in due))
        return joined


def _spans(due: Iterable[Due]) -> list[tuple[datetime, datetime]]:
    """From when to when what they may join has come; those that overlap are one."""
    spans: list[tuple[datetime, datetime]] = []
    for one in sorted(due, key=lambda one: one.first_at):
        since, until = one.first_at - REACH, one.last_at + REACH
        if spans and since <= spans[-1][1]:
            since, until = spans[-1][0], max(spans.pop()[1], until)
        spans.append((since, until))
    return spans


def _pairs(
    due: Iterable[UUID], told: Iterable[Told], known: Mapping[UUID, Report]
) -> Iterator[tuple[UUID, UUID]]:
    """Stories that report one event.

    A denial or a correction is another event than the report it speaks about.
    """
    stories: dict[UUID, Story[UUID]] = {}
    every: dict[UUID, list[Told]] = defaultdict(list)
    for one in told:
        story = stories.setdefault(
            one.story_id, Story(one.story_id, one.first_at, one.last_at, issuers=set(one.issuers))
        )
        story.rare.update(known[one.report_id].rare)
        every[one.story_id].append(one)
    # What a batch has made part of another story is compared as that one was.
    new = dict.fromkeys(story_id for story_id in due if story_id in stories)
    beside: dict[tuple[str, str], Reports[UUID]] = defaultdict(Reports)

    def put(story_id: UUID, into: Story[UUID]) -> None:
        for one in every[story_id]:
            beside[_kind(one)].add(one.report_id, into, known[one.report_id].vector)

    for story_id, story in stories.items():
        if story_id not in new:
            put(story_id, story)
    for story_id in new:
        story = stories[story_id]
        match = beside[_kind(every[story_id][0])].nearest(known[story_id].vector, story)
        if match:
            yield story_id, match.story.name
            match.story.take(story)
        put(story_id, match.story if match else story)


def _kind(one: Told) -> tuple[str, str]:
    return one.lang.partition("-")[0], one.kind
