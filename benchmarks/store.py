"""How many whole articles a second PostgreSQL takes: prints one JSON line.

    python benchmarks/store.py [--rounds 5] [--batch 500]

A whole article is its revision, its score, two mentions, a story with its keys and vector, the
signals and the offset. Batches, as the consumer commits them, take turns with the ordinary way, one
commit an article; the ratio is the median of those of single rounds. Scoring is not timed.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from servers import articles, servers

from models.runtime.stub import StubRuntime
from pipeline import settings
from pipeline.entities.issuers import Issuer
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.messages import RAW_TOPIC, RawArticle, encode
from pipeline.planning import build_batch, decode_all
from pipeline.records import Partition, Record
from pipeline.scoring import Scorer
from pipeline.store import catalog
from pipeline.store.connection import connect
from pipeline.store.ingest import IngestStore
from pipeline.store.rows import Batch, Claim

# Articles of a round that are committed one by one.
ONES = 100
HIDDEN = 384


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=500)
    given = parser.parse_args()
    issuers = read_issuers(settings.load().issuer_files)
    many, ones = [], []
    with servers() as parts:
        writer = Writer(parts.database_url, issuers)
        for number in range(given.rounds + 1):
            news = articles(2 * given.batch + ONES, issuers, seed=number)
            halves = [news[: given.batch], news[given.batch : -ONES]]
            a_batch = 2 * given.batch / sum(writer.write(half) for half in halves)
            one = ONES / sum(writer.write([item]) for item in news[-ONES:])
            # The first round fills PostgreSQL's caches and plans.
            if number:
                many.append(a_batch)
                ones.append(one)
    ratios = [a / b for a, b in zip(many, ones, strict=True)]
    figures = {
        "batch": given.batch,
        "articles_a_second": round(statistics.median(many)),
        "one_by_one": round(statistics.median(ones)),
        "times_one_by_one": round(statistics.median(ratios), 1),
    }
    print(json.dumps(figures))


class Writer:
    """Commits articles as one consumer does."""

    def __init__(self, url: str, issuers: list[Issuer]) -> None:
        self._scorer = Scorer(StubRuntime(), Linker(issuers))
        self._counted = frozenset(item.entity_id for item in issuers)
        link = connect(url, "ingest")
        catalog.put_issuers(link, issuers)
        catalog.register_model(link, self._scorer.model_id, self._scorer.weights_digest, {})
        self._store = IngestStore(link, "benchmark", "benchmark")
        self._partition = Partition(RAW_TOPIC, UUID(int=1), 0)
        self._claim: Claim = self._store.claim(self._partition)
        self._rng = np.random.default_rng(0)

    def write(self, news: Sequence[RawArticle]) -> float:
        """Seconds that it takes to look these up and commit them, in one transaction."""
        first = self._claim.next_offset
        claims = {self._partition: self._claim}
        records = [
            Record(self._partition, first + n, None, encode(item), (), datetime.now(UTC))
            for n, item in enumerate(news)
        ]
        decoded = decode_all(records, claims)
        spans = {self._partition: (first, first + len(records))}
        batch = build_batch(claims, spans, decoded, {}, self._scorer, self._counted)
        batch = self._with_vectors(batch)
        began = time.perf_counter()
        self._store.attempt([self._claim])
        self._store.articles(item.article_id for item in news)
        committed = self._store.commit(batch)
        took = time.perf_counter() - began
        self._claim = committed.claims[self._partition]
        assert committed.counts.scored == len(news)
        return took

    def _with_vectors(self, batch: Batch) -> Batch:
        """The stub gives none, a real model does."""
        revisions = []
        for item in batch.revisions:
            assert item.story is not None
            vector = self._rng.standard_normal(HIDDEN).astype(np.float32)
            unit = vector / np.linalg.norm(vector)
            revisions.append(replace(item, story=replace(item.story, vector=unit)))
        return replace(batch, revisions=revisions)


if __name__ == "__main__":
    main()
