"""Batches for a store without a Kafka in front: what a consumer would hand to commit."""

import itertools
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg2

from models.runtime.stub import StubRuntime
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.messages import RAW_TOPIC, RawArticle, encode
from pipeline.planning import build_batch, decode_all
from pipeline.records import Partition, Record
from pipeline.scoring import Scorer
from pipeline.store import catalog
from pipeline.store.connection import connect
from pipeline.store.ingest import Checkpoint, IngestStore
from pipeline.store.rows import Claim, Committed
from tests.integration.ingest import world

ISSUERS = read_issuers([world.ROOT / "demo/newswire/issuers.csv"])
SCORER = Scorer(StubRuntime(), Linker(ISSUERS))
COUNTED = frozenset(item.entity_id for item in ISSUERS if item.kind == "issuer")
TOPIC_ID = UUID(int=1)
_numbers = itertools.count()


@dataclass
class Writer:
    """One consumer's store with a partition of its own; use as a context."""

    url: str
    partition: Partition = field(
        default_factory=lambda: Partition(RAW_TOPIC, TOPIC_ID, next(_numbers))
    )
    scorer: Scorer = SCORER

    def __enter__(self) -> "Writer":
        self.link = connect(self.url, "ingest")
        self.store = IngestStore(self.link, "cluster", f"owner of {self.partition.number}")
        catalog.put_issuers(self.link, ISSUERS)
        catalog.register_model(self.link, SCORER.model_id, SCORER.weights_digest, {})
        self.claim: Claim = self.store.claim(self.partition)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def commit(
        self,
        *messages: RawArticle | bytes,
        seen_at: datetime = world.NOW,
        checkpoint: Checkpoint = lambda _: None,
    ) -> Committed:
        """Read, score and store these as the partition's next records."""
        first = self.claim.next_offset
        values = [item if isinstance(item, bytes) else encode(item) for item in messages]
        records = [
            Record(self.partition, first + n, None, value, (), seen_at)
            for n, value in enumerate(values)
        ]
        claims = {self.partition: self.claim}
        decoded = decode_all(records, claims)
        stored = self.store.articles(item.article_id for _, item in decoded.articles)
        spans = {self.partition: (first, first + len(records))}
        batch = build_batch(claims, spans, decoded, stored, self.scorer, COUNTED)
        committed = self.store.commit(batch, checkpoint)
        self.claim = committed.claims[self.partition]
        return committed


def ask(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the database answers, to a reader with all rights."""
    with closing(psycopg2.connect(url, options="-c timezone=UTC")) as link, link.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def one(url: str, statement: str, *values: Any) -> Any:
    """The one value it answers."""
    ((value,),) = ask(url, statement, *values)
    return value


def id_of(article: RawArticle) -> UUID:
    """As the database keys it."""
    return UUID(hex=article.article_id)


def reprint(article: RawArticle, host: str, **fields: Any) -> RawArticle:
    """The same text at another publisher's address."""
    url = f"https://{host}.example/{article.article_id}"
    return msgspec.structs.replace(
        article,
        url=url,
        article_id=world.article_id(url),
        **{"publisher": world.PAPER} | fields,
    )


def newswire(thread: str, count: int) -> Sequence[RawArticle]:
    """Distinct articles of one thread of the sample newswire."""
    chosen = [item for item in world.texts() if item["thread"] == thread][:count]
    return [
        world.article(
            f"https://ledger.example/{item['id']}", item["title"], "\n".join(item["body"])
        )
        for item in chosen
    ]
