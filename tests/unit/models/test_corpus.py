"""The seed corpus keeps what its readers are promised."""

import itertools
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from models.agreement import agreement, kappa
from models.data import NEAR, Example, near_pairs, read_corpus
from models.labels import SENTIMENTS, TOPICS
from pipeline.settings import ROOT

CORPUS = ROOT / "models" / "corpus"
NEWSWIRE = ROOT / "demo" / "newswire" / "articles"


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return read_corpus(CORPUS)


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


def test_two_annotators_agree_on_every_line_and_on_the_subjects_both_judged(
    corpus: list[Example],
) -> None:
    agreed = agreement(CORPUS)
    assert agreed["topic"].rows == agreed["sentiment"].rows == len(corpus)
    assert agreed["entity"].rows > 4_000
    assert min(one.kappa for one in agreed.values()) >= 0.8


def test_kappa_is_agreement_beyond_chance() -> None:
    # Both say "a" of three things of four, and agree on two of them and on nothing else.
    assert kappa([("a", "a"), ("a", "a"), ("a", "b"), ("b", "a")]) == pytest.approx(-1 / 3)
    assert kappa([("a", "a"), ("b", "b")]) == 1


def test_a_subject_may_fare_otherwise_than_the_text(corpus: list[Example]) -> None:
    named = [(line, entity) for line in corpus for entity in line.entities]
    assert len(named) > 5_000
    assert sum(entity.sentiment != line.sentiment for line, entity in named) > 1_000


def _texts(path: Path) -> list[str]:
    """Title and body of every article, each on its own."""
    found = []
    for line in path.read_bytes().splitlines():
        article = msgspec.json.decode(line)
        found += [article["title"], "\n".join(article["body"])]
    return [text for text in found if text.strip()]
