"""From a batch of records to the rows it writes: decode, tell what changed, score that."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pipeline import stories, terms
from pipeline.messages import (
    CrawlRun,
    MessageError,
    RawArticle,
    RefusedArticle,
    decode,
    occurred_at,
)
from pipeline.records import Partition, Record
from pipeline.scoring import DeadLetter, ScoredArticle, Scorer, Unsupported
from pipeline.store.rows import (
    MAX_CRASHES,
    Batch,
    CanaryRow,
    Claim,
    DeadRow,
    MentionRow,
    RevisionRow,
    ScoreRow,
    StoredArticle,
    StoryRow,
)


@dataclass(frozen=True)
class Decoded:
    """A batch's records by what they are, in the order they were read."""

    articles: Sequence[tuple[Record, RawArticle]]
    dead: Sequence[DeadRow]
    crawl_runs: Sequence[CrawlRun]
    # Articles of our own that try the path out.
    canaries: Sequence[tuple[Record, RawArticle]] = ()


def decode_all(records: Sequence[Record], claims: Mapping[Partition, Claim]) -> Decoded:
    """Sort records into articles, dead letters and crawl runs; nothing is dropped."""
    articles: list[tuple[Record, RawArticle]] = []
    dead: list[DeadRow] = []
    runs: list[CrawlRun] = []
    canaries: list[tuple[Record, RawArticle]] = []
    for record in records:
        claim = claims[record.partition]
        if claim.attempts >= MAX_CRASHES and record.offset == claim.next_offset:
            dead.append(DeadRow(record, "score", f"the process died {claim.attempts} times on it"))
            continue
        try:
            message = decode(record.partition.topic, record.value)
        except MessageError as error:
            dead.append(DeadRow(record, "decode", str(error)))
            continue
        if isinstance(message, RawArticle) and message.origin == "canary":
            canaries.append((record, message))
        elif isinstance(message, RawArticle):
            articles.append((record, message))
        elif isinstance(message, RefusedArticle):
            dead.append(_refused(record, message))
        else:
            runs.append(message)
    return Decoded(articles, dead, runs, canaries)


def _refused(record: Record, message: RefusedArticle) -> DeadRow:
    return DeadRow(
        record, message.stage, message.cause, message.source_id, message.url, message.raw
    )


def content_sha(article: RawArticle) -> bytes:
    """Digest of what a reader sees: the same text fetched again is the same revision."""
    return hashlib.sha256(f"{article.title}\0{article.body}".encode()).digest()


def build_batch(
    claims: Mapping[Partition, Claim],
    spans: Mapping[Partition, tuple[int, int]],
    decoded: Decoded,
    stored: Mapping[str, StoredArticle],
    scorer: Scorer,
    counted: frozenset[str],
) -> Batch:
    """Everything the transaction will write.

    `stored` holds what the database knows of these articles, `counted` the entities that are
    issuers.
    """
    unchanged, outdated, fresh = _told_apart(decoded.articles, stored)
    flown = [article for _, article in decoded.canaries]
    outcomes = scorer.score([article for _, article, _ in fresh] + flown)
    revisions: list[RevisionRow] = []
    dead = list(decoded.dead)
    broken: set[str] = set()
    for (record, article, version), outcome in zip(fresh, outcomes, strict=False):
        if isinstance(outcome, DeadLetter):
            broken.add(article.article_id)
            dead.append(_unscored(record, article, str(outcome)))
        elif article.article_id in broken:
            # Its numbering counted on the version that broke; come back with the next fetch.
            cause = "an earlier version in the same batch could not be scored"
            dead.append(_unscored(record, article, cause))
        else:
            revisions.append(_revision(record, article, version, outcome, scorer, counted))
    for record, article in outdated:
        if article.article_id in broken:
            # What outdates it may be what broke; then it must not be lost as well.
            cause = "a newer version in the same batch could not be scored"
            dead.append(_unscored(record, article, cause))
        else:
            unchanged.append(record)
    canaries = [
        _canary(record, article, outcome, scorer.model_id)
        for (record, article), outcome in zip(decoded.canaries, outcomes[len(fresh) :], strict=True)
    ]
    return Batch(claims, spans, revisions, unchanged, dead, decoded.crawl_runs, canaries)


def _canary(
    record: Record,
    article: RawArticle,
    outcome: ScoredArticle | Unsupported | DeadLetter,
    model_id: str,
) -> CanaryRow:
    # One that a model has no answer for is not bad news to it: that is what is to be found out.
    probs = outcome.prediction.sentiment_probs if isinstance(outcome, ScoredArticle) else (0.0,)
    key = UUID(hex=article.article_id)
    return CanaryRow(key, article.fetched_at, record.seen_at, model_id, probs[0])


_Versions = list[tuple[Record, RawArticle, StoredArticle]]


def _told_apart(
    articles: Sequence[tuple[Record, RawArticle]], stored: Mapping[str, StoredArticle]
) -> tuple[list[Record], list[tuple[Record, RawArticle]], _Versions]:
    """What is known already, what is older than what is known, and the new versions."""
    known = dict(stored)
    unchanged: list[Record] = []
    outdated: list[tuple[Record, RawArticle]] = []
    fresh: _Versions = []
    for record, article in articles:
        before = known.get(article.article_id)
        now = _next_version(record, article, before)
        if before is not None and before.content_sha == now.content_sha:
            unchanged.append(record)
        elif before is not None and record.resent and record.seen_at < before.seen_at:
            outdated.append((record, article))
        else:
            known[article.article_id] = now
            fresh.append((record, article, now))
    return unchanged, outdated, fresh


def _unscored(record: Record, article: RawArticle, cause: str) -> DeadRow:
    return DeadRow(record, "score", cause, article.source_id, article.url, rights=article.rights)


def _next_version(
    record: Record, article: RawArticle, before: StoredArticle | None
) -> StoredArticle:
    digest = content_sha(article)
    if before is not None:
        return replace(before, rev=before.rev + 1, content_sha=digest, seen_at=record.seen_at)
    when = occurred_at(article.published_at, record.seen_at)
    return StoredArticle(1, digest, record.seen_at, when, None, record.seen_at)


def _revision(
    record: Record,
    article: RawArticle,
    version: StoredArticle,
    outcome: ScoredArticle | Unsupported,
    scorer: Scorer,
    counted: frozenset[str],
) -> RevisionRow:
    scored = outcome if isinstance(outcome, ScoredArticle) else None
    return RevisionRow(
        record=record,
        article=article,
        rev=version.rev,
        content_sha=version.content_sha,
        lang=outcome.lang,
        first_seen_at=version.first_seen_at,
        occurred_at=version.occurred_at,
        score=_score(scored, scorer.model_id, counted) if scored else None,
        story=_story(scored, scorer.tells_events) if scored else None,
        story_id=version.story_id,
    )


def _score(outcome: ScoredArticle, model_id: str, counted: frozenset[str]) -> ScoreRow:
    sentiment_probs = outcome.prediction.sentiment_probs
    return ScoreRow(
        model_id=model_id,
        topic=outcome.topic,
        topic_probs=outcome.prediction.topic_probs,
        sentiment=outcome.sentiment,
        sentiment_probs=sentiment_probs,
        sentence=outcome.sentence.text if outcome.sentence else None,
        sentence_probs=outcome.sentence.sentiment_probs if outcome.sentence else None,
        mentions=[
            MentionRow(
                mention.entity_id,
                mention.entity_id in counted,
                mention.relevance,
                mention.spans,
                outcome.prediction.entity_probs(number),
            )
            for number, mention in enumerate(outcome.mentions)
        ],
    )


def _story(outcome: ScoredArticle, tells_events: bool) -> StoryRow:
    article = outcome.article
    return StoryRow(
        kind=stories.kind_of(article.title),
        signature=stories.signature(article.title, article.body),
        vector=outcome.prediction.vector if tells_events else None,
        rare=terms.keys(f"{article.title} {article.body}"),
    )
