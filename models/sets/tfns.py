"""Twitter Financial News, sentiment: what a tweet says for holders of the shares it names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from models.labels import SENTIMENTS
from models.sets.spec import Hub, Labels, PublicSet, Record
from models.sets.tables import labelled

_SENTIMENTS: Final = {0: "negative", 1: "positive", 2: "neutral"}


def _labels(record: Record) -> Labels:
    return Labels(sentiment=record.sentiment, native=record.sentiment)


def _read(path: Path, split: str | None) -> Iterator[Record]:
    for record, sentiment in labelled(path, split, _SENTIMENTS):
        yield msgspec.structs.replace(record, sentiment=sentiment)


SET = PublicSet(
    name="tfns",
    file="tfns_clean.jsonl",
    licence="MIT",
    notes="Bearish, bullish, neutral, by one uploader. Two tweets of three are neutral, by what a "
    "trader would do: results and appointments are, which ours tell good from bad.",
    labels=_labels,
    hub=Hub(
        repo="zeroshot/twitter-financial-news-sentiment",
        revision="main",
        files={"sent_train.csv": "train", "sent_valid.csv": "test"},
        read=_read,
    ),
    train_part="train",
    native=SENTIMENTS,
    native_says="sentiment",
)
