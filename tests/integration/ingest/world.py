"""Messages of every kind a consumer meets, with what must become of each."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from pipeline.messages import (
    DEAD_TOPIC,
    RAW_TOPIC,
    Publisher,
    RawArticle,
    RefusedArticle,
    article_id,
    encode,
)
from pipeline.settings import ROOT

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WIRE = Publisher("harbour-ledger", "Harbour Ledger", "Harbour Media", "wire")
PAPER = Publisher("south-channel-post", "South Channel Post", "South Channel Group", "paper")


@dataclass(frozen=True)
class World:
    """What is sent, and what it must come to."""

    # topic, key, payload
    messages: list[tuple[str, str, bytes]]
    # scored, copy, unchanged, unscored, dead
    outcomes: dict[str, int]
    stories: int
    articles: int


@cache
def texts() -> list[dict[str, Any]]:
    """The sample newswire's articles: distinct stories in both languages."""
    lines = [
        line
        for name in ("en", "zh")
        for line in (ROOT / "demo/newswire/articles" / f"{name}.jsonl").open(encoding="utf-8")
    ]
    return [json.loads(line) for line in lines]


def article(
    url: str, title: str, body: str, *, publisher: Publisher = WIRE, at: datetime = NOW
) -> RawArticle:
    """A good article."""
    return RawArticle(
        article_id=article_id(url),
        url=url,
        source_id=publisher.publisher_id,
        publisher=publisher,
        title=title,
        body=body,
        published_at=at,
        fetched_at=at + timedelta(seconds=30),
    )


def poison() -> list[bytes]:
    """Messages that are none, each wrong in its own way."""
    good = encode(article("https://ledger.example/poison", "Harbour Bank falls", "It fell."))
    return [
        b"{",
        b"[]",
        b"",
        b"\xff\xfe",
        b"\0" + good,
        good.replace(b'"v":1', b'"v":2'),
        good.replace(b"It fell.", b"It\\u0000fell."),
        good.replace(b"It fell.", b"It\\ud800fell."),
        good.replace(b'"title":"Harbour Bank falls"', b'"title":["Harbour Bank falls"]'),
        good.replace(b'"It fell."', b"7"),
    ]


def build(seed: int, stories: int = 40, poisons: int = 10) -> World:
    """Distinct stories, of which some are reprinted, fetched again or revised; and faults."""
    rng = random.Random(seed)
    chosen = rng.sample(texts(), stories)
    originals = [
        article(
            f"https://ledger.example/{item['id']}",
            item["title"],
            "\n".join(item["body"]),
            at=NOW - timedelta(minutes=rng.randrange(600)),
        )
        for item in chosen
    ]
    again = rng.sample(originals, stories // 4)
    revised = [
        msgspec.structs.replace(item, title=f"{item.title} (updated)", body=item.body[:-1])
        for item in rng.sample(originals, stories // 8)
    ]
    copies = [
        msgspec.structs.replace(
            item,
            article_id=article_id(url := item.url.replace("ledger", "post")),
            url=url,
            publisher=PAPER,
            body=item.body + "\nThis article first appeared elsewhere.",
        )
        for item in rng.sample(originals, stories // 4)
    ]
    foreign = [
        article(
            f"https://ledger.example/de-{n}",
            "Die Bank meldet einen überraschend hohen Verlust im dritten Quartal",
            f"Der Vorstand will nun {n + 2} Filialen schließen und Stellen abbauen.",
        )
        for n in range(3)
    ]
    refused = RefusedArticle(
        source_id="harbour-ledger",
        url="https://ledger.example/huge",
        stage="fetch",
        cause="page of 3000000 bytes; at most 2097152",
        raw=b"<html>",
        at=NOW,
    )
    # Copies may arrive before their original: then the original is the copy.
    first = [*originals, *copies, *foreign]
    rng.shuffle(first)
    good = [(RAW_TOPIC, item.article_id, encode(item)) for item in [*first, *again, *revised]]
    for n, payload in enumerate(rng.sample(poison(), poisons)):
        good.insert(rng.randrange(len(good)), (RAW_TOPIC, f"poison-{n}", payload))
    return World(
        [*good, (DEAD_TOPIC, "harbour-ledger", encode(refused))],
        {
            "scored": stories + len(revised),
            "copy": len(copies),
            "unchanged": len(again),
            "unscored": len(foreign),
            "dead": poisons + 1,
        },
        stories,
        stories + len(copies) + len(foreign),
    )
