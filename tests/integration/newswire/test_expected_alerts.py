"""Exactly the expected alerts come out of the sample newswire, whatever the clock and the order."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from demo.expected import Verdict, judge
from demo.newswire.messages import raw_articles
from models.mentions import Spans
from models.runtime.loading import load_runtime
from models.runtime.protocol import Prediction, Runtime
from ops.postgres import Postgres
from pipeline import settings
from pipeline.alerts.run import run
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.joining import Joiner
from pipeline.messages import RAW_TOPIC, RawArticle, encode
from pipeline.planning import build_batch, decode_all
from pipeline.records import Partition, Record
from pipeline.scoring import Scorer
from pipeline.store import catalog
from pipeline.store.connection import Connection, connect
from pipeline.store.following import flow
from pipeline.store.ingest import IngestStore

# The first test scores every article with the shipped model.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
CLOCKS = {
    "five past midnight": datetime(2026, 11, 24, 0, 5, tzinfo=HONG_KONG),
    "a Sunday": datetime(2026, 11, 22, 14, 30, tzinfo=HONG_KONG),
    "a month's end": datetime(2026, 11, 30, 23, 58, tzinfo=UTC),
    "the change to summer time": datetime(2026, 3, 29, 1, 2, tzinfo=UTC),
}
PARTITION = Partition(RAW_TOPIC, UUID(int=1), 0)
ISSUERS = settings.ROOT / "demo" / "newswire" / "issuers.csv"


class Remembering:
    """The shipped model; what it said of a text once it need not compute again."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[tuple[str, tuple[Spans, ...]], Prediction] = {}
        self.model_id, self.weights_digest = runtime.model_id, runtime.weights_digest
        self.tells_events = runtime.tells_events

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        asked = [tuple(spans) for spans in mentions or [()] * len(texts)]
        pairs = list(zip(texts, asked, strict=True))
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        said = self._runtime.score([text for text, _ in fresh], [spans for _, spans in fresh])
        self._known.update(zip(fresh, said, strict=True))
        return [self._known[pair] for pair in pairs]


@cache
def scorer() -> Scorer:
    conf = settings.load()
    runtime = load_runtime("cpu", conf.model_dir, conf.cache / "base")
    return Scorer(Remembering(runtime), Linker(read_issuers([ISSUERS])))


class World:
    """One database that is fed articles and asked for alerts."""

    def __init__(self, url: str) -> None:
        issuers = read_issuers([ISSUERS])
        self.counted = frozenset(item.entity_id for item in issuers if item.kind == "issuer")
        self.link = connect(url, "ingest")
        catalog.register_model(self.link, scorer().model_id, scorer().weights_digest, {})
        catalog.put_issuers(self.link, issuers)
        self.store = IngestStore(self.link, "cluster", "test")
        self.claim = self.store.claim(PARTITION)
        self.joiner = Joiner()
        self.alerting = connect(url, "alerts")

    def ingest(self, articles: Sequence[RawArticle], seen_at: datetime) -> None:
        """What the consumer does with one batch."""
        first = self.claim.next_offset
        records = [
            Record(PARTITION, first + n, item.article_id.encode(), encode(item), (), seen_at)
            for n, item in enumerate(articles)
        ]
        claims = {PARTITION: self.claim}
        decoded = decode_all(records, claims)
        stored = self.store.articles(item.article_id for item in articles)
        spans = {PARTITION: (first, first + len(records))}
        batch = build_batch(claims, spans, decoded, stored, scorer(), self.counted)
        self.claim = self.store.commit(batch).claims[PARTITION]
        self.joiner.join(self.link)

    def alert(self, as_of: datetime) -> None:
        run(self.alerting, as_of, now=as_of)

    def close(self) -> None:
        self.link.close()
        self.alerting.close()


@pytest.fixture
def world(postgres: Postgres, migrated: str) -> Iterator[World]:
    postgres.create_database("newswire", migrated)
    found = World(postgres.url("newswire"))
    yield found
    found.close()
    postgres.drop_database("newswire")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("clock", CLOCKS)
def test_exactly_the_expected_alerts_come_out(clock: str, seed: int, world: World) -> None:
    zero = CLOCKS[clock].astimezone(UTC)
    arriving = list(raw_articles(zero, zero))
    random.Random(seed).shuffle(arriving)
    now = zero
    for begin in range(0, len(arriving), 40):
        now += timedelta(seconds=3)
        world.ingest(arriving[begin : begin + 40], now)
        world.alert(now)
    before = verdict(world.link)
    assert before.missing == ("issuer kestrel-payments, corrected",)
    assert not before.unexpected
    # The publishers correct themselves; what was there comes in once more with what is new.
    later = zero + timedelta(minutes=5)
    world.ingest(list(raw_articles(zero, later))[len(arriving) :], later)
    for minute in range(5, 12):
        world.alert(zero + timedelta(minutes=minute))
    assert verdict(world.link).right, flow(world.link).alerts
    # A day later everything has calmed down, and nothing new was raised meanwhile.
    for hour in range(1, 30):
        world.alert(zero + timedelta(hours=hour))
    settled = flow(world.link).alerts
    assert len(settled) == 4, settled
    assert all(alert.state == "resolved" for alert in settled)


def verdict(link: Connection) -> Verdict:
    return judge(flow(link).alerts)
