"""The seed corpus keeps what its readers are promised."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.data import NEAR, Example, near_pairs, read_corpus
from models.labels import SENTIMENTS, TOPICS
from pipeline.settings import ROOT

CORPUS = ROOT / "models" / "corpus"
SECOND = CORPUS / "second_labels.jsonl"
NEWSWIRE = ROOT / "demo" / "newswire" / "articles"


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return read_corpus(CORPUS)


@pytest.fixture(scope="module")
def second() -> dict[str, dict[str, Any]]:
    """What the second annotator said, by line; of issuers only where these were asked for."""
    rows = [msgspec.json.decode(line) for line in SECOND.read_bytes().splitlines()]
    return {row["id"]: row for row in rows}


def test_has_2500_lines_most_of_them_chinese(corpus: list[Example]) -> None:
    """No open labelled set of Chinese news exists; of English there are several."""
    languages = Counter(line.lang for line in corpus)
    assert languages.total() >= 2_500
    assert languages["en"] >= 1_000
    assert languages["zh"] > 1.5 * languages["en"]


def test_has_eight_lines_of_every_topic_and_sentiment(corpus: list[Example]) -> None:
    counts = Counter((line.topic, line.sentiment) for line in corpus)
    few = {pair for pair in itertools.product(TOPICS, SENTIMENTS) if counts[pair] < 8}
    assert not few


def test_no_line_comes_near_another_or_the_newswire(corpus: list[Example]) -> None:
    """Words are compared; of Chinese, which has no spaces, character pairs."""
    articles = [text for path in sorted(NEWSWIRE.glob("*.jsonl")) for text in _texts(path)]
    texts = [line.text for line in corpus] + articles
    near = [
        (texts[i], texts[j], round(jaccard, 2))
        for i, j, jaccard in near_pairs(texts, NEAR)
        if i < len(corpus)
    ]
    assert len(articles) > 600
    assert not near


@pytest.mark.parametrize("field", ["topic", "sentiment"])
def test_two_annotators_agree(
    corpus: list[Example], second: dict[str, dict[str, Any]], field: str
) -> None:
    assert second.keys() == {line.id for line in corpus}
    assert _kappa([(getattr(line, field), second[line.id][field]) for line in corpus]) >= 0.8


def test_two_annotators_agree_on_the_issuers_that_both_judged(
    corpus: list[Example], second: dict[str, dict[str, Any]]
) -> None:
    pairs = [
        (entity.sentiment, other)
        for line in corpus
        if "entities" in second[line.id]
        for entity, other in zip(line.entities, second[line.id]["entities"], strict=True)
    ]
    assert len(pairs) > 800
    assert _kappa(pairs) >= 0.8


def test_an_issuer_may_fare_otherwise_than_the_text(corpus: list[Example]) -> None:
    named = [(line, entity) for line in corpus for entity in line.entities]
    assert len(named) > 1_500
    assert sum(entity.sentiment != line.sentiment for line, entity in named) > 100


def _texts(path: Path) -> list[str]:
    """Title and body of every article, each on its own."""
    found = []
    for line in path.read_bytes().splitlines():
        article = msgspec.json.decode(line)
        found += [article["title"], "\n".join(article["body"])]
    return [text for text in found if text.strip()]


def _kappa(pairs: list[tuple[str, str]]) -> float:
    """Cohen's kappa: agreement beyond what the two would reach by chance."""
    agreed = sum(one == two for one, two in pairs) / len(pairs)
    first, second = (Counter(side) for side in zip(*pairs, strict=True))
    chance = sum(first[label] * second[label] for label in first) / len(pairs) ** 2
    return (agreed - chance) / (1 - chance)
