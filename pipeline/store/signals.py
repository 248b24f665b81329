"""What is counted: one row a story and series, told by the story's representative article."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pipeline.store.connection import Cursor, rows
from pipeline.store.rows import RevisionRow, ScoreRow
from pipeline.store.stories import Assignment
from sql import queries

_SQL = queries("stories")


@dataclass(frozen=True)
class _Signal:
    story_id: UUID
    kind: str
    topic: str | None
    entity_id: str | None
    relevance: float


def write(cursor: Cursor, revisions: Sequence[RevisionRow], assigned: Assignment) -> None:
    """Bring story_signal to what this batch's revisions say, and mark every bucket it touches.

    A revision of a story's representative replaces what the story said before: a corrected article
    no longer counts as negative.
    """
    latest = {item.article_id: item for item in revisions if item.score is not None}
    cursor.execute(_SQL["representatives"], {"article_ids": list(latest)})
    speaks = {row["story_id"]: latest[row["representative"]] for row in rows(cursor)}
    retold = sorted(story for story in speaks if story not in assigned.new)
    if retold:
        cursor.execute(_SQL["drop_signals"], {"story_ids": retold})
        _retell(cursor, {story: speaks[story] for story in retold})
    _insert(cursor, speaks)
    recount(cursor, {*speaks, *assigned.joined})


def recount(cursor: Cursor, stories: Iterable[UUID]) -> None:
    """Count the articles and owners of these stories, and mark every bucket that counts them."""
    touched = sorted(stories)
    cursor.execute(_SQL["recount_copies"], {"story_ids": touched})
    cursor.execute(_SQL["mark_changed"], {"story_ids": touched})


def _retell(cursor: Cursor, speaks: dict[UUID, RevisionRow]) -> None:
    cursor.execute(
        _SQL["retell_stories"],
        {
            "story_ids": list(speaks),
            "titles": [item.article.title for item in speaks.values()],
            "kinds": [item.story.kind if item.story else "report" for item in speaks.values()],
        },
    )


def _insert(cursor: Cursor, speaks: dict[UUID, RevisionRow]) -> None:
    found = [
        (signal, item, item.score)
        for story, item in sorted(speaks.items())
        if item.score is not None
        for signal in _signals(story, item.score)
    ]
    keys = {
        "kinds": [signal.kind for signal, _, _ in found],
        "topics": [signal.topic for signal, _, _ in found],
        "entity_ids": [signal.entity_id for signal, _, _ in found],
    }
    cursor.execute(_SQL["put_series"], keys)
    cursor.execute(
        _SQL["put_signals"],
        {
            **keys,
            "story_ids": [signal.story_id for signal, _, _ in found],
            "occurred_ats": [item.occurred_at for _, item, _ in found],
            "p_negatives": [score.sentiment_probs[0] for _, _, score in found],
            "p_positives": [score.sentiment_probs[2] for _, _, score in found],
            "relevances": [signal.relevance for signal, _, _ in found],
            "origins": [item.article.origin for _, item, _ in found],
        },
    )


def _signals(story_id: UUID, score: ScoreRow) -> list[_Signal]:
    about = [_Signal(story_id, "topic", score.topic, None, 1.0)]
    return about + [
        _Signal(story_id, "issuer", None, mention.entity_id, mention.relevance)
        for mention in score.mentions
        if mention.counted
    ]
