"""What ingest would leave in the database, written directly: stories, their fate, their history."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg2

from pipeline.alerts.run import RunSummary, run
from pipeline.store.connection import connect

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PUBLISHERS = ("ledger", "post", "markets", "caixun")
MODEL = "stub-1"
# What the tests fill, in an order in which it can be emptied.
_TABLES = (
    *("delivery_alert", "delivery", "recipient", "outage", "ping", "canary"),
    *("silence", "suppression"),
    *("label", "label_snapshot", "alert_evidence", "alert_event", "alert_series", "alert"),
    *("rule_version", "rule", "heartbeat", "bucket_change", "bucket", "story_signal", "series"),
    *("score", "revision", "article", "story", "entity", "publisher"),
)


@dataclass(frozen=True)
class Story:
    """One story: an article of one publisher, about some issuers, filed under one topic."""

    number: int
    at: datetime
    issuers: tuple[str, ...] = ("harbour",)
    topic: str = "credit_debt"
    publisher: str = "ledger"
    p_negative: float = 0.9
    relevance: float = 0.9
    kind: str = "report"
    origin: str = "live"
    headline: str | None = None
    # Of its publisher, once that is known.
    tier: str = "wire"

    @property
    def story_id(self) -> UUID:
        return UUID(int=self.number)

    @property
    def title(self) -> str:
        return self.headline or f"Story {self.number}"


class World:
    """A database that tests fill in any order; every change is marked as ingest marks it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._alerts = connect(url, "alerts")
        self.numbers = itertools.count(1)
        # Nobody crashes here: commits need not wait for the disk.
        self._link = psycopg2.connect(url, options="-c synchronous_commit=off")
        self._link.autocommit = True
        self._statements: list[bytes] = []
        self._do(
            "INSERT INTO model (model_id, weights_digest, manifest) VALUES (%s, '0', '{}')"
            " ON CONFLICT DO NOTHING",
            MODEL,
        )
        self._send()

    def close(self) -> None:
        self._alerts.close()
        self._link.close()

    def clear(self) -> None:
        """Forget everything, faster than a new database would be there."""
        for table in _TABLES:
            self._do(f"DELETE FROM {table}")  # noqa: S608
        self._send()

    # -- making

    def burst(self, count: int, at: datetime, minutes: int = 60, **of: Any) -> list[Story]:
        """Stories spread evenly over the minutes before `at`, publishers in turn; not yet there."""
        return [
            Story(
                number=next(self.numbers),
                at=at - timedelta(minutes=minutes * (count - 1 - i) / max(count - 1, 1)),
                publisher=PUBLISHERS[i % len(PUBLISHERS)],
                **of,
            )
            for i in range(count)
        ]

    def days(self, count: int, until: datetime, **of: Any) -> list[Story]:
        """One harmless story a day about somebody else: the days were watched."""
        plain: dict[str, Any] = {"issuers": ("bystander",), "p_negative": 0.1, "topic": "macro"}
        return [
            Story(next(self.numbers), until - timedelta(days=back), **plain | of)
            for back in range(1, count + 1)
        ]

    # -- what ingest does

    def add(self, stories: Sequence[Story]) -> None:
        """The stories arrive, in this order."""
        for story in stories:
            self._do(
                "INSERT INTO story (story_id, lang, title, first_at, last_at, representative,"
                " signature, kind) VALUES (%s, 'en', %s, %s, %s, %s, '', %s)",
                story.story_id,
                story.title,
                story.at,
                story.at,
                story.story_id,
                story.kind,
            )
            self._article(story, story.story_id, story.publisher)
            self._tell(story)
        self._send()

    def copy(self, story: Story, publisher: str, at: datetime | None = None) -> None:
        """Another publisher reprints the story."""
        again = replace(story, number=next(self.numbers), at=at or story.at)
        self._article(again, story.story_id, publisher)
        self._do(
            "UPDATE story_signal SET copies = copies + 1,"
            " publishers = (SELECT count(DISTINCT owner)"
            " FROM article JOIN publisher USING (publisher_id) WHERE story_id = %s)"
            " WHERE story_id = %s",
            story.story_id,
            story.story_id,
        )
        self._mark(story)
        self._send()

    def revise(self, story: Story, **now: Any) -> Story:
        """The story's article is revised: it says something else now."""
        revised = replace(story, **now)
        self._mark(story)
        self._do("DELETE FROM story_signal WHERE story_id = %s", story.story_id)
        self._do("UPDATE story SET kind = %s WHERE story_id = %s", revised.kind, story.story_id)
        self._tell(revised)
        self._send()
        return revised

    def merge(self, loser: Story, winner: Story) -> None:
        """Two stories turn out to be one."""
        self._mark(loser)
        self._do("DELETE FROM story_signal WHERE story_id = %s", loser.story_id)
        self._do(
            "UPDATE story SET merged_into = %s WHERE story_id = %s",
            winner.story_id,
            loser.story_id,
        )
        self._do(
            "UPDATE article SET story_id = %s WHERE story_id = %s",
            winner.story_id,
            loser.story_id,
        )
        self._mark(winner)
        self._send()

    # -- what is asked

    def run(self, as_of: datetime) -> RunSummary:
        """One alerts run whose clock shows that time."""
        return run(self._alerts, as_of, now=as_of)

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A connection in the role of the alerts run."""
        link = connect(self.url, "alerts")
        try:
            yield link
        finally:
            link.close()

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts, the earliest first."""
        return self.ask("SELECT * FROM alert ORDER BY onset, subject")

    def alert(self) -> dict[str, Any]:
        """The only alert there is."""
        (only,) = self.alerts()
        return only

    def events(self) -> list[str]:
        """What happened to all alerts, in order."""
        return [row["what"] for row in self.ask("SELECT what FROM alert_event ORDER BY at, seq")]

    def evidence(self) -> list[dict[str, Any]]:
        """The evidence of all alerts."""
        return self.ask("SELECT * FROM alert_evidence ORDER BY story_id")

    def ask(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Rows as dicts."""
        with self._link.cursor() as cursor:
            cursor.execute(statement, values)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def judge(self, reason: str, at: datetime) -> None:
        """An analyst ends every open alert."""
        self._do(
            "UPDATE alert SET state = 'resolved', resolved_at = %s, resolved_reason = %s"
            " WHERE state <> 'resolved'",
            at,
            reason,
        )
        self._send()

    # -- below

    def _do(self, statement: str, *values: Any) -> None:
        with self._link.cursor() as cursor:
            self._statements.append(cursor.mogrify(statement, values))

    def _send(self) -> None:
        """Everything since the last time in one go and one transaction."""
        with self._link.cursor() as cursor:
            cursor.execute(b";".join(self._statements))
        self._statements.clear()

    def _article(self, story: Story, story_id: UUID, publisher: str) -> None:
        key = (UUID(int=story.number), story.at)
        self._do(
            "INSERT INTO publisher VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            publisher,
            publisher.title(),
            f"{publisher} group",
            story.tier,
        )
        self._do(
            "INSERT INTO article (article_id, source_id, publisher_id, url, kind, first_seen_at,"
            " occurred_at, origin, story_id, current_rev)"
            " VALUES (%s, 's', %s, %s, 'news', %s, %s, %s, %s, 1)",
            key[0],
            publisher,
            f"http://example.org/{story.number}",
            story.at,
            story.at,
            story.origin,
            story_id,
        )
        self._do(
            "INSERT INTO revision (article_id, rev, first_seen_at, content_sha, title, lang,"
            " published_at, seen_at, topic_id, partition, kafka_offset)"
            " VALUES (%s, 1, %s, '', %s, 'en', %s, %s, %s, 0, %s)",
            *key,
            story.title,
            story.at,
            story.at,
            UUID(int=0),
            story.number,
        )
        self._do(
            "INSERT INTO score (article_id, rev, first_seen_at, model_id, topic, topic_probs,"
            " sentiment, sentiment_probs, sentence, sentence_probs)"
            " VALUES (%s, 1, %s, %s, %s, '{1}', 'negative', '{1,0,0}', 'A sentence.',"
            " '{0.9,0.1,0}')",
            *key,
            MODEL,
            story.topic,
        )

    def _tell(self, story: Story) -> None:
        for issuer in story.issuers:
            self._do(
                "INSERT INTO entity (entity_id, kind, name_en, name_zh)"
                " VALUES (%s, 'issuer', %s, %s) ON CONFLICT DO NOTHING",
                issuer,
                issuer.title(),
                issuer,
            )
        about: list[tuple[str, str | None, str | None]] = [("topic", story.topic, None)]
        about += [("issuer", None, issuer) for issuer in story.issuers]
        for series in about:
            self._do(
                "INSERT INTO series (kind, topic, entity_id) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                *series,
            )
            self._do(
                "INSERT INTO story_signal (story_id, series_id, occurred_at, p_negative,"
                " p_positive, relevance, origin)"
                " SELECT %s, series_id, %s, %s, %s, %s, %s FROM series"
                " WHERE (kind, topic, entity_id) IS NOT DISTINCT FROM (%s, %s, %s)",
                story.story_id,
                story.at,
                story.p_negative,
                1 - story.p_negative,
                story.relevance,
                story.origin,
                *series,
            )
        self._mark(story)

    def _mark(self, story: Story) -> None:
        self._do(
            "INSERT INTO bucket_change (series_id, start)"
            " SELECT series_id, date_bin('5 minutes', occurred_at, 'epoch')"
            " FROM story_signal WHERE story_id = %s",
            story.story_id,
        )
