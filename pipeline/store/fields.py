"""A batch's rows as COPY sends them, field by field; what may not be kept is left out here."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from pipeline.messages import Rights
from pipeline.records import LETTER_LIFE
from pipeline.store.copying import Json
from pipeline.store.rows import DeadRow, RevisionRow

# A dead letter keeps its message, which Kafka already caps.
_RAW_BYTES: Final = 2 * 1024 * 1024
# As long as Kafka keeps its log by default: time to mend what broke.
_SHORT_LIFE: Final = timedelta(days=7)


def of_revision(item: RevisionRow) -> Sequence[Any]:
    """For copy_revisions."""
    article, record = item.article, item.record
    body, days = kept_body(article.body, article.rights)
    return (
        item.article_id,
        item.rev,
        item.first_seen_at,
        item.content_sha,
        article.title,
        body,
        record.seen_at + timedelta(days=days) if days else None,
        item.lang,
        article.published_at,
        article.fetched_at,
        record.seen_at,
        record.partition.topic_id,
        record.partition.number,
        record.offset,
    )


def kept_body(body: str, rights: Rights) -> tuple[str | None, int | None]:
    """What of a body may be kept, and for how many days (None: no limit)."""
    if rights.keep == "link":
        return None, None
    if rights.keep == "snippet":
        return body[: rights.characters or 0], None
    return body, rights.days if rights.keep == "full" else None


def kept_sentence(item: RevisionRow, sentence: str | None) -> str | None:
    """The telling sentence, where the headline or what may be kept of the body holds it."""
    body, _ = kept_body(item.article.body, item.article.rights)
    kept = sentence is not None and (sentence in item.article.title or sentence in (body or ""))
    return sentence if kept else None


def of_score(item: RevisionRow) -> Sequence[Any] | None:
    """For copy_scores; None where it is unscored."""
    score = item.score
    if score is None:
        return None
    sentence = kept_sentence(item, score.sentence)
    return (
        item.article_id,
        item.rev,
        score.model_id,
        item.first_seen_at,
        score.topic,
        score.topic_probs,
        score.sentiment,
        score.sentiment_probs,
        sentence,
        score.sentence_probs if sentence else None,
    )


def of_mentions(item: RevisionRow) -> Iterable[Sequence[Any]]:
    """For copy_mentions, one an entity."""
    if item.score is None:
        return
    for mention in item.score.mentions:
        yield (
            item.article_id,
            item.rev,
            item.score.model_id,
            mention.entity_id,
            item.first_seen_at,
            mention.relevance,
            Json.of([list(span) for span in mention.spans]),
            mention.sentiment_probs,
        )


def letter_life(rights: Rights | None) -> timedelta:
    """How long a dead letter may wait with its message to be sent again; None: rights unknown."""
    if rights is None or rights.keep in {"link", "snippet"}:
        return _SHORT_LIFE
    if rights.keep == "full" and rights.days:
        return min(timedelta(days=rights.days), LETTER_LIFE)
    return LETTER_LIFE


def of_dead_letter(item: DeadRow) -> Sequence[Any]:
    """For copy_dead_letters."""
    record = item.record
    return (
        record.partition.topic_id,
        record.partition.number,
        record.offset,
        record.partition.topic,
        (item.raw if item.raw is not None else record.value or b"")[:_RAW_BYTES],
        record.seen_at + letter_life(item.rights),
        Json.of([[_storable(name), value.hex()] for name, value in record.headers]),
        item.stage,
        _storable(item.cause[:2_000]),
        item.source_id,
        item.url,
        record.seen_at,
    )


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL in text."""
    return text.replace("\0", "\\0")
