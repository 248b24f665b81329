"""The consumer's side of the store: claims, and batches in one transaction with their offsets."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec

from pipeline.records import Partition
from pipeline.store import canary, fields, signals, stories
from pipeline.store.connection import Connection, Cursor, rows, transaction
from pipeline.store.copying import copy_rows
from pipeline.store.rows import (
    MAX_CRASHES,
    Batch,
    Claim,
    Committed,
    Counts,
    RevisionRow,
    StoredArticle,
)
from sql import queries

_SQL = queries("ingest")
_log = logging.getLogger(__name__)

Checkpoint = Callable[[str], None]


class Fenced(Exception):
    """Another process claimed a partition of this batch; nothing was written."""


class TopicRecreated(Exception):
    """A topic of this name was read before under another id: what that one held may be lost."""

    def __init__(self, partition: Partition) -> None:
        super().__init__(f"{partition.topic}-{partition.number} was deleted and made again")
        self.partition = partition


class IngestStore:
    """One connection of one consumer. Every method raises StoreUnavailable for passing trouble."""

    def __init__(self, link: Connection, cluster_id: str, owner: str) -> None:
        self._link = link
        self._cluster_id = cluster_id
        self._owner = owner
        self._months: set[tuple[int, int]] = set()

    def claim(self, partition: Partition) -> Claim:
        """Own a partition: whoever claimed it before can no longer write.

        Raises TopicRecreated, with the gap recorded, where the operator must decide first.
        """
        key = self._key(partition)
        with transaction(self._link) as cursor:
            cursor.execute(_SQL["known_topic"], key)
            known = cursor.fetchone() is not None
            cursor.execute(_SQL["earlier_topic"], key)
            earlier = cursor.fetchone()
            if earlier and not known:
                self._gap(cursor, partition, earlier[1], "the topic was deleted and made again")
            else:
                cursor.execute(_SQL["claim"], {**key, "owner": self._owner})
                return Claim(partition, **rows(cursor)[0])
        raise TopicRecreated(partition)

    def record_gap(self, partition: Partition, from_offset: int, cause: str) -> None:
        """Keep that a part of the log could not be read."""
        with transaction(self._link) as cursor:
            self._gap(cursor, partition, from_offset, cause)

    def accept_gap(self, partition: Partition, offset: int) -> None:
        """Go on from `offset` after a gap; the gap stays on record."""
        with transaction(self._link) as cursor:
            key = self._key(partition)
            cursor.execute(_SQL["claim"], {**key, "owner": self._owner})
            cursor.execute(_SQL["accept_gap"], {**key, "offset": offset})

    def attempt(self, claims: Iterable[Claim]) -> None:
        """Note that a batch of these partitions begins, so that a crash in it is counted."""
        due = list(claims)
        with transaction(self._link) as cursor:
            values = self._keys(due) | {"epochs": [item.epoch for item in due]}
            cursor.execute(_SQL["attempt"], values)

    def spare(self, claims: Iterable[Claim]) -> None:
        """Take back the attempt on partitions that another consumer has taken: it was no crash."""
        with transaction(self._link) as cursor:
            cursor.execute(_SQL["spare"], self._keys(list(claims)))

    def articles(self, article_ids: Iterable[str]) -> dict[str, StoredArticle]:
        """What is stored of these articles, by id (hex)."""
        with transaction(self._link) as cursor:
            cursor.execute(_SQL["current_articles"], {"article_ids": sorted(set(article_ids))})
            return {
                row["article_id"].hex: StoredArticle(
                    row["current_rev"],
                    bytes(row["content_sha"]),
                    row["first_seen_at"],
                    row["occurred_at"],
                    row["story_id"],
                    row["seen_at"],
                )
                for row in rows(cursor)
            }

    def commit(self, batch: Batch, checkpoint: Checkpoint = lambda _: None) -> Committed:
        """Write everything of a batch, its outcome counts and the next offsets, in one transaction.

        `checkpoint` is told: before_copy, copied, before_commit, after_commit. Raises Fenced where
        a partition belongs to somebody else by now; then nothing is written.
        """
        self._ensure_months(batch.revisions)
        with transaction(self._link) as cursor:
            claims = self._advance(cursor, batch)
            checkpoint("before_copy")
            joined = self._write_articles(cursor, batch.revisions)
            copy_rows(cursor, _SQL["copy_dead_letters"], map(fields.of_dead_letter, batch.dead))
            for run in batch.crawl_runs:
                cursor.execute(_SQL["put_crawl_runs"], msgspec.structs.asdict(run))
            canary.put(cursor, batch.canaries)
            checkpoint("copied")
            counts = self._count(cursor, batch, joined)
            cursor.execute(_SQL["beat"], {"part": "consumer"})
            checkpoint("before_commit")
        checkpoint("after_commit")
        return Committed(counts, claims)

    def beat(self) -> None:
        """Say that the consumer is alive although nothing came."""
        with transaction(self._link) as cursor:
            cursor.execute(_SQL["beat"], {"part": "consumer"})

    def _key(self, partition: Partition) -> dict[str, Any]:
        return {
            "cluster_id": self._cluster_id,
            "topic": partition.topic,
            "topic_id": partition.topic_id,
            "partition": partition.number,
        }

    def _keys(self, claims: Sequence[Claim]) -> dict[str, Any]:
        return {
            "cluster_id": self._cluster_id,
            "topic_ids": [item.partition.topic_id for item in claims],
            "partitions": [item.partition.number for item in claims],
        }

    def _gap(self, cursor: Cursor, partition: Partition, from_offset: int, cause: str) -> None:
        _log.error("%s-%d: %s", partition.topic, partition.number, cause)
        cursor.execute(
            _SQL["record_gap"],
            {**self._key(partition), "from_offset": from_offset, "cause": cause},
        )

    def _ensure_months(self, revisions: Sequence[RevisionRow]) -> None:
        """Partitions are made in a transaction of their own: a batch must not wait for DDL."""
        for seen in {item.first_seen_at for item in revisions}:
            month = (seen.year, seen.month)
            if month not in self._months:
                with transaction(self._link) as cursor:
                    cursor.execute(_SQL["ensure_month"], {"month": seen.date()})
                self._months.add(month)

    def _advance(self, cursor: Cursor, batch: Batch) -> dict[Partition, Claim]:
        """First of all, because it locks the offset rows: a claim meanwhile waits, or we fail."""
        moved = {}
        for partition in sorted(batch.spans):
            claim, (_, following) = batch.claims[partition], batch.spans[partition]
            attempts = claim.attempts if claim.attempts == MAX_CRASHES - 1 else 0
            cursor.execute(
                _SQL["advance"],
                {
                    **self._key(partition),
                    "epoch": claim.epoch,
                    "expected": claim.next_offset,
                    "next_offset": following,
                    "attempts": attempts,
                },
            )
            if cursor.rowcount != 1:
                raise Fenced(f"{partition.topic}-{partition.number} epoch {claim.epoch}")
            moved[partition] = replace(claim, next_offset=following, attempts=attempts)
        return moved

    def _write_articles(self, cursor: Cursor, revisions: Sequence[RevisionRow]) -> set[UUID]:
        """Returns the articles that joined a story which another article began."""
        if not revisions:
            return set()
        _put_publishers(cursor, revisions)
        fresh = [item for item in revisions if item.story_id is None and item.story is not None]
        newest = {item.article_id: item for item in fresh}
        revised = {item.story_id for item in revisions if item.story_id is not None}
        assigned = stories.assign(cursor, list(newest.values()), revised)
        _put_articles(cursor, revisions, assigned.story_of)
        copy_rows(cursor, _SQL["copy_revisions"], map(fields.of_revision, revisions))
        copy_rows(cursor, _SQL["copy_scores"], filter(None, map(fields.of_score, revisions)))
        copy_rows(
            cursor,
            _SQL["copy_mentions"],
            (row for item in revisions for row in fields.of_mentions(item)),
        )
        signals.write(cursor, revisions, assigned)
        return {article for article, story in assigned.story_of.items() if article != story}

    def _count(self, cursor: Cursor, batch: Batch, joined: set[UUID]) -> Counts:
        total = Counts()
        for partition, counts in _outcomes(batch, joined).items():
            first, following = batch.spans[partition]
            cursor.execute(
                _SQL["count_batch"],
                {
                    **self._key(partition),
                    "first_offset": first,
                    "next_offset": following,
                    "records": counts.records,
                    "owner": self._owner,
                    **vars(counts),
                },
            )
            total += counts
        return total


def _outcomes(batch: Batch, joined: set[UUID]) -> Mapping[Partition, Counts]:
    """Also of partitions of which only canaries were read: nothing, up to the next offset."""
    found = {partition: Counts() for partition in batch.spans}

    def add(partition: Partition, **one: int) -> None:
        found[partition] = found.get(partition, Counts()) + Counts(**one)

    began: set[UUID] = set()
    for item in batch.revisions:
        # Only the version by which an article enters a story is a copy; later ones are news.
        copy = item.story_id is None and item.article_id in joined and item.article_id not in began
        began.add(item.article_id)
        if item.score is None:
            add(item.record.partition, unscored=1)
        elif copy:
            add(item.record.partition, copy=1)
        else:
            add(item.record.partition, scored=1)
    for record in batch.unchanged:
        add(record.partition, unchanged=1)
    for dead in batch.dead:
        add(dead.record.partition, dead=1)
    return found


def _put_publishers(cursor: Cursor, revisions: Sequence[RevisionRow]) -> None:
    found = {item.article.publisher.publisher_id: item.article.publisher for item in revisions}
    cursor.execute(
        _SQL["put_publishers"],
        {
            "ids": list(found),
            "names": [item.name for item in found.values()],
            "owners": [item.owner for item in found.values()],
            "tiers": [item.tier for item in found.values()],
        },
    )


def _put_articles(
    cursor: Cursor, revisions: Sequence[RevisionRow], story_of: Mapping[UUID, UUID]
) -> None:
    """One row an article, at its latest revision of this batch."""
    latest = {item.article_id: item for item in revisions}
    ordered = [latest[key] for key in sorted(latest)]
    cursor.execute(
        _SQL["put_articles"],
        {
            "article_ids": [item.article_id for item in ordered],
            "source_ids": [item.article.source_id for item in ordered],
            "publisher_ids": [item.article.publisher.publisher_id for item in ordered],
            "urls": [item.article.url for item in ordered],
            "kinds": [item.article.kind for item in ordered],
            "first_seen_ats": [item.first_seen_at for item in ordered],
            "occurred_ats": [item.occurred_at for item in ordered],
            "origins": [item.article.origin for item in ordered],
            "story_ids": [item.story_id or story_of.get(item.article_id) for item in ordered],
            "revs": [item.rev for item in ordered],
        },
    )
