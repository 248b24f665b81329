"""Twitter Financial News, topic: 20 classes, of which 16 say one of our topics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from models.sets.spec import Hub, Labels, PublicSet, Record
from models.sets.tables import labelled

# In the order of the set's numbers. None: its tweets are of several of our topics.
_TOPICS: Final[dict[str, str | None]] = {
    "Analyst Update": "ratings",
    "Fed | Central Banks": "monetary_policy",
    "Company | Product News": "product_business",
    # Yields (markets), bond sales (listing_financing) and rating changes (ratings).
    "Treasuries | Corporate Debt": None,
    "Dividend": "dividends_buybacks",
    "Earnings": "earnings",
    "Energy | Oil": "energy",
    # The figures of results and guidance; "Earnings" has their announcements.
    "Financials": "earnings",
    "Currencies": "currencies",
    # Weddings and strikes beside pensions and trade.
    "General News | Opinion": None,
    "Gold | Metals | Materials": "commodities",
    "IPO": "listing_financing",
    "Legal | Regulation": "legal_regulation",
    "M&A | Investments": "mergers_acquisitions",
    "Macro": "macro",
    "Markets": "markets",
    # Wars and elections beside hearings and party life.
    "Politics": None,
    "Personnel Change": "management",
    # Opinions whether to buy, option trades, charts.
    "Stock Commentary": None,
    "Stock Movement": "share_price",
}


def _labels(record: Record) -> Labels:
    if record.topic not in _TOPICS:
        raise ValueError(f"unknown topic {record.topic!r}")
    return Labels(topic=_TOPICS[record.topic], native=record.topic)


def _read(path: Path, split: str | None) -> Iterator[Record]:
    for record, topic in labelled(path, split, dict(enumerate(_TOPICS))):
        yield msgspec.structs.replace(record, topic=topic)


SET = PublicSet(
    name="tfn_topic",
    file="tfn_topic_clean.jsonl",
    licence="MIT",
    notes="By one uploader. 692 of the 4,117 tweets of its held-out part stand in the other, links "
    "aside: they are told as copies and taken out of training.",
    labels=_labels,
    hub=Hub(
        repo="zeroshot/twitter-financial-news-topic",
        revision="acbc8af2a35ccf0916124efcbe9e6cf25f191012",
        files={"topic_train.csv": "train", "topic_valid.csv": "test"},
        read=_read,
    ),
    train_part="train",
    native=tuple(_TOPICS),
)
