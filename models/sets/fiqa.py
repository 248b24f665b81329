"""FiQA 2018, task 1: headlines and posts with a target, an aspect and a score of its sentiment."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.sets.spec import Hub, Labels, Named, PublicSet, Record, of_text
from models.sets.tables import table

# By the second level of its aspects, letters only: they are spelt in several ways. What is missing
# here (risks, rumours, financials) is of several of our topics.
_TOPICS: Final = {
    "priceaction": "share_price",
    "technicalanalysis": "share_price",
    "options": "share_price",
    "signal": "share_price",
    "buyside": "share_price",
    "coverage": "ratings",
    "sales": "earnings",
    "strategy": "product_business",
    "stategy": "product_business",
    "ma": "mergers_acquisitions",
    "dividendpolicy": "dividends_buybacks",
    "legal": "legal_regulation",
    "regulatory": "legal_regulation",
    "appointment": "management",
    "ipo": "listing_financing",
    "market": "markets",
    "volatility": "markets",
}
_NEUTRAL: Final = 0.1


def _labels(record: Record) -> Labels:
    levels = [level.split("/")[-1].casefold() for level in (record.topic or "").split("|")]
    told = {_TOPICS.get(re.sub("[^a-z]", "", level)) for level in levels}
    topic = told.pop() if len(told) == 1 else None
    known = of_text(record)
    return Labels(topic=topic, sentiment=known.sentiment, entities=known.entities)


def _read(path: Path, split: str | None) -> Iterator[Record]:
    targets = defaultdict(list)
    for row in table(path, ("sentence", "target", "aspect", "score")):
        targets[str(row["sentence"])].append(row)
    for number, (sentence, rows) in enumerate(targets.items()):
        named = tuple(Named(str(row["target"]), _sentiment(float(row["score"]))) for row in rows)
        told = {entity.sentiment for entity in named}
        aspects = {"/".join(re.findall(r"[^\[\]'\"/]+", str(row["aspect"]))[:2]) for row in rows}
        yield Record(
            id=f"{path.stem}-{number:04}",
            text=sentence,
            lang="en",
            sentiment=told.pop() if len(told) == 1 else None,
            topic="|".join(sorted(aspects)),
            entities=named,
            split=split,
        )


def _sentiment(score: float) -> str:
    return "negative" if score < -_NEUTRAL else "neutral" if score < _NEUTRAL else "positive"


SET = PublicSet(
    name="fiqa",
    file="fiqa.jsonl",
    licence="none stated",
    notes="By people: scores from -1 to 1, of which those below 0.1 either way are neutral here. "
    "Copies on the hub are divided in several ways: all of it is pooled and cut into folds.",
    labels=_labels,
    hub=Hub(
        repo="TheFinAI/fiqa-sentiment-classification",
        revision="b669064ceb406dfc33a86a8ddce203b7395a0fa1",
        files={
            "data/train-00000-of-00001-aeefa1eadf5be10b.parquet": None,
            "data/valid-00000-of-00001-51867fe1ac59af78.parquet": None,
            "data/test-00000-of-00001-0fb9f3a47c7d0fce.parquet": None,
        },
        read=_read,
    ),
    train_part=None,
)
