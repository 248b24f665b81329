"""What ingest and the alerts run leave for the console, written directly to the tables."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2

from demo.newswire.edition import Article, load_articles, moment
from pipeline.alerts.run import run
from pipeline.entities.lists import read_issuers
from pipeline.store.catalog import put_issuers, register_model
from pipeline.store.connection import connect

NEWSWIRE = Path(__file__).parents[3] / "demo" / "newswire"
MODEL = "topic-sentiment-1"
BANK = "meridian-harbour-bank"
# What the tests fill, in an order in which it can be emptied.
_TABLES = (
    *("delivery_alert", "delivery", "recipient", "outage", "ping", "canary", "label"),
    *("silence", "suppression"),
    *("alert_evidence", "alert_series", "alert_event", "alert", "rule_version", "rule"),
    *("bucket_change", "bucket", "story_signal", "uncompared"),
    *("score", "revision", "article", "story"),
    *("crawl_run", "dead_letter", "ingest_batch", "heartbeat", "kafka_gap", "kafka_offset"),
)


@dataclass(frozen=True)
class Story:
    """One story, carried by one article."""

    title: str
    at: datetime
    publisher: str = "harbour-ledger"
    lang: str = "en"
    url: str = "https://news.example/a"
    topic: str = "credit_debt"
    subject: str | None = BANK
    p_negative: float = 0.97
    p_positive: float = 0.01
    kind: str = "report"
    copies: int = 0
    sentence: str = "Depositors withdrew HKD 1.4bn in a day."


class World:
    """A database that tests fill in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._numbers = itertools.count(1)
        self._link = psycopg2.connect(url)
        self._link.autocommit = True
        ingest = connect(url, "ingest")
        put_issuers(ingest, read_issuers([NEWSWIRE / "issuers.csv"]))
        register_model(ingest, MODEL, "9f8e7d6c5b4a39281706f5e4d3c2b1a0", {})
        ingest.close()
        for publisher, name, tier in (
            ("harbour-ledger", "Harbour Ledger", "wire"),
            ("south-channel-post", "South Channel Post", "paper"),
            ("meridian-markets", "Meridian Markets", "portal"),
            ("nanfang-caixun", "南方财讯", "paper"),
            ("jinqiao-wang", "金桥财经网", "portal"),
        ):
            self._insert("publisher", publisher_id=publisher, name=name, owner=name, tier=tier)
        self._insert("model_alias", alias="champion", model_id=MODEL)
        self._insert("model_event", model_id=MODEL, what="promoted")

    def close(self) -> None:
        self._link.close()

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of any statement."""
        with self._link.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Forget alerts, news and visits; keep issuers, publishers and the model."""
        # TRUNCATE would lock every table, and deadlock with a page that is still reading.
        for table in _TABLES:
            self.ask(f"DELETE FROM {table}")  # noqa: S608

    # -- the parts at work

    def beat(self, at: datetime) -> None:
        """The alerts run was last done then."""
        self.ask("DELETE FROM heartbeat")
        self._insert("heartbeat", part="alerts", at=at, as_of=at)

    def visit(self, source: str, at: datetime, status: str = "ok", published: int = 3) -> None:
        """A source was crawled."""
        self._insert(
            "crawl_run",
            run_id=uuid4(),
            source_id=source,
            started_at=at - timedelta(seconds=4),
            ended_at=at,
            requests=12,
            not_modified=6,
            published=published,
            refused=0,
            status=status,
            error=None if status == "ok" else "connection refused",
            expected_per_day=12,
        )

    def batch(self, **counts: int) -> None:
        """One committed batch."""
        offset = next(self._numbers) * 1000
        self._insert(
            "ingest_batch",
            topic_id=UUID(int=1),
            partition=0,
            first_offset=offset,
            next_offset=offset + sum(counts.values()),
            records=sum(counts.values()),
            owner="consumer-1",
            **counts,
        )

    def dead_letter(self, cause: str, at: datetime, url: str = "https://news.example/x") -> None:
        """A record that could not be used."""
        self._insert(
            "dead_letter",
            topic_id=UUID(int=1),
            partition=0,
            kafka_offset=next(self._numbers),
            topic="news.dlq.v1",
            raw=b"",
            raw_expires_at=at + timedelta(days=7),
            stage="extract",
            cause=cause,
            source_id="meridian-markets",
            url=url,
            seen_at=at,
        )

    # -- news

    def add(self, story: Story) -> UUID:
        """The story arrives and is counted for its topic and its issuer."""
        key = UUID(int=next(self._numbers))
        at = {"first_seen_at": story.at}
        self._insert(
            "story",
            story_id=key,
            lang=story.lang,
            title=story.title,
            first_at=story.at,
            last_at=story.at,
            representative=key,
            signature=b"",
            kind=story.kind,
        )
        self._insert(
            "article",
            article_id=key,
            source_id=story.publisher,
            publisher_id=story.publisher,
            url=story.url,
            kind="news",
            occurred_at=story.at,
            origin="live",
            story_id=key,
            current_rev=1,
            **at,
        )
        self._insert(
            "revision",
            article_id=key,
            rev=1,
            content_sha=key.bytes,
            title=story.title,
            lang=story.lang,
            published_at=story.at,
            seen_at=story.at,
            topic_id=UUID(int=1),
            partition=0,
            kafka_offset=key.int,
            **at,
        )
        neutral = 1 - story.p_negative - story.p_positive
        probabilities = [story.p_negative, neutral, story.p_positive]
        sentiment = ("negative", "neutral", "positive")[probabilities.index(max(probabilities))]
        self._insert(
            "score",
            article_id=key,
            rev=1,
            model_id=MODEL,
            topic=story.topic,
            topic_probs=[1.0],
            sentiment=sentiment,
            sentiment_probs=probabilities,
            sentence=story.sentence,
            sentence_probs=probabilities,
            **at,
        )
        for series in self._series(story):
            self._signal(key, series, story)
        return key

    def newswire(self, zero: datetime) -> None:
        """Everything the sample newswire has printed by time zero, with its gold labels."""
        originals: dict[str, UUID] = {}
        for article in load_articles():
            first = article.versions[0]
            if moment(zero, first) > zero:
                continue
            if "-r" in article.article_id:
                self._copy(originals[article.article_id.split("-r")[0]])
            else:
                originals[article.article_id] = self.add(story_of(article, zero))

    def run(self, as_of: datetime) -> None:
        """One real alerts run whose clock shows that time."""
        link = connect(self.url, "alerts")
        run(link, as_of, now=as_of)
        link.close()

    def _copy(self, story: UUID) -> None:
        self.ask("UPDATE story_signal SET copies = copies + 1 WHERE story_id = %s", story)

    def _series(self, story: Story) -> list[int]:
        wanted = [("topic", story.topic, None)]
        if story.subject:
            wanted.append(("issuer", None, story.subject))
        found = []
        for kind, topic, entity in wanted:
            self.ask(
                "INSERT INTO series (kind, topic, entity_id) VALUES (%s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                kind,
                topic,
                entity,
            )
            ((series,),) = self.ask(
                "SELECT series_id FROM series WHERE kind = %s AND topic IS NOT DISTINCT FROM %s"
                " AND entity_id IS NOT DISTINCT FROM %s",
                kind,
                topic,
                entity,
            )
            found.append(series)
        return found

    def _signal(self, key: UUID, series: int, story: Story) -> None:
        self._insert(
            "story_signal",
            story_id=key,
            series_id=series,
            occurred_at=story.at,
            p_negative=story.p_negative,
            p_positive=story.p_positive,
            relevance=0.9,
            copies=story.copies,
            origin="live",
        )
        start = story.at.replace(minute=story.at.minute // 5 * 5, second=0, microsecond=0)
        self._insert("bucket_change", series_id=series, start=start)

    def _insert(self, table: str, **values: Any) -> None:
        adapted = [json.dumps(v) if isinstance(v, dict) else v for v in values.values()]
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.ask(f"INSERT INTO {table} ({names}) VALUES ({marks})", *adapted)  # noqa: S608


def surge(now: datetime, stories: Sequence[Story] = (), count: int = 7) -> list[Story]:
    """Enough negative stories of one bank in the last hour to ring, then those given."""
    publishers = ("harbour-ledger", "south-channel-post", "meridian-markets")
    plain = [
        Story(
            f"Depositors queue at branch {number} of the harbour bank",
            now - timedelta(minutes=50 - 5 * number),
            publishers[number % 3],
            url=f"https://news.example/{number}",
        )
        for number in range(count)
    ]
    return [*plain, *stories]


def story_of(article: Article, zero: datetime) -> Story:
    """A newswire article with the labels it was written to have."""
    first = article.versions[0]
    chinese = article.publisher in {"nanfang-caixun", "jinqiao-wang"}
    end = "。" if chinese else ". "
    story = Story(
        first.title,
        article.published_at(zero),
        article.publisher,
        "zh" if chinese else "en",
        f"https://{article.publisher}.example{article.path}",
        first.topic,
        article.subject,
        0.03,
        0.03,
        sentence=first.paragraphs[0].split(end)[0].rstrip(".。") + end.strip(),
    )
    if first.sentiment == "negative":
        return replace(story, p_negative=0.97, p_positive=0.01)
    return replace(story, p_positive=0.95) if first.sentiment == "positive" else story
