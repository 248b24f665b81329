"""Twitter Financial News, sentiment: what a tweet says for holders of the shares it names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from models.sets.spec import Hub, PublicSet, Record, of_text
from models.sets.tables import labelled

_SENTIMENTS: Final = {0: "negative", 1: "positive", 2: "neutral"}


def _read(path: Path, split: str | None) -> Iterator[Record]:
    for record, sentiment in labelled(path, split, _SENTIMENTS):
        yield msgspec.structs.replace(record, sentiment=sentiment)


SET = PublicSet(
    name="tfns",
    file="tfns_clean.jsonl",
    licence="MIT",
    notes="Bearish, bullish, neutral, by one uploader. Many neutral tweets follow a template.",
    labels=of_text,
    hub=Hub(
        repo="zeroshot/twitter-financial-news-sentiment",
        revision="main",
        files={"sent_train.csv": "train", "sent_valid.csv": "test"},
        read=_read,
    ),
    train_part="train",
)
