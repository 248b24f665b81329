"""Articles, records and classifiers for the tests beside this module."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.labels import SENTIMENTS, TOPICS
from models.mentions import Spans
from models.runtime.protocol import Prediction
from pipeline.messages import RAW_TOPIC, Publisher, RawArticle, article_id, encode
from pipeline.records import Partition, Record

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PARTITION = Partition(RAW_TOPIC, UUID(int=1), 0)
WIRE = Publisher("harbour-ledger", "Harbour Ledger", "Harbour Media", "wire")


def article(title: str = "Bank cuts forecast", body: str = "", **fields: Any) -> RawArticle:
    """A good article; `url` gives it its id."""
    url = fields.pop("url", "https://ledger.example/1")
    return RawArticle(
        **{
            "article_id": article_id(url),
            "url": url,
            "source_id": "harbour-ledger",
            "publisher": WIRE,
            "title": title,
            "body": body,
            "published_at": NOW,
            "fetched_at": NOW,
        }
        | fields
    )


def record(message: RawArticle | bytes | None, offset: int = 0) -> Record:
    """The message as Kafka holds it."""
    value = encode(message) if isinstance(message, RawArticle) else message
    return Record(PARTITION, offset, None, value, (), NOW)


def resent(message: RawArticle, seen_at: datetime) -> Record:
    """A dead letter sent again, which the broker took first at this time."""
    return replace(record(message), seen_at=seen_at, resent=True)


def prediction(sentiment: str, probability: float = 0.9, topic: str = "credit_debt") -> Prediction:
    """`probability` for this sentiment, the rest shared; certainty about the topic."""
    rest = (1 - probability) / (len(SENTIMENTS) - 1)
    return Prediction(
        tuple(float(name == topic) for name in TOPICS),
        tuple(probability if name == sentiment else rest for name in SENTIMENTS),
        None,
    )


class FakeRuntime:
    """Says of each text what `judge` says; remembers the sizes of the batches."""

    tells_events = False

    model_id = "fake-00000000"
    weights_digest = "0" * 64

    def __init__(self, judge: Callable[[str], Prediction], most: int = 10_000) -> None:
        self.batches: list[int] = []
        self._judge = judge
        self._most = most

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        if len(texts) > self._most:
            raise MemoryError
        self.batches.append(len(texts))
        return [self._judge(text) for text in texts]

    def read(self) -> tuple[int, int]:
        return 0, 0
