"""Every article gets its outcome, whatever its neighbours in the batch do to the classifier."""

import math

import pytest

from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from pipeline.entities.issuers import Issuer
from pipeline.entities.linker import Linker
from pipeline.scoring import DeadLetter, ScoredArticle, Scorer, Unsupported, sentences, text_of
from tests.unit.pipeline.making import FakeRuntime, article, prediction

LINKER = Linker([Issuer("orrin", "issuer", "Orrin", "奥林")])
GERMAN = "Die Bank meldet einen überraschend hohen Verlust im dritten Quartal"


def by_word(text: str) -> Prediction:
    """The nearer to a missed coupon, the more negative."""
    if "coupon" in text:
        return prediction("negative", 0.95 if "missed" in text else 0.8)
    return prediction("neutral")


def test_an_article_is_scored_with_its_language_topic_sentiment_and_entities() -> None:
    (outcome,) = Scorer(StubRuntime(), LINKER).score(
        [article("奥林债券违约", "公司未能兑付到期债券，债务逾期。")]
    )
    assert isinstance(outcome, ScoredArticle)
    assert (outcome.lang, outcome.topic, outcome.sentiment) == (
        "zh-Hans",
        "credit_debt",
        "negative",
    )
    assert [mention.entity_id for mention in outcome.mentions] == ["orrin"]


def test_outcomes_come_in_the_order_of_the_articles() -> None:
    batch = [article("Orrin missed a coupon"), article(GERMAN), article("Orrin opens a plant")]
    outcomes = Scorer(FakeRuntime(by_word), LINKER).score(batch)
    assert [type(outcome) for outcome in outcomes] == [ScoredArticle, Unsupported, ScoredArticle]
    assert [item.article for item in outcomes if isinstance(item, ScoredArticle)] == batch[::2]


def test_an_unsupported_language_is_never_shown_to_the_classifier() -> None:
    runtime = FakeRuntime(by_word)
    (outcome,) = Scorer(runtime, LINKER).score([article(GERMAN)])
    assert isinstance(outcome, Unsupported)
    assert outcome.lang == "de"
    assert runtime.batches == []


def test_a_batch_too_large_for_memory_is_halved_until_it_fits() -> None:
    runtime = FakeRuntime(lambda _: prediction("neutral"), most=3)
    outcomes = Scorer(runtime, LINKER).score([article(f"Orrin opens plant {n}") for n in range(10)])
    assert all(isinstance(outcome, ScoredArticle) for outcome in outcomes)
    assert sum(runtime.batches) == 10
    assert max(runtime.batches) <= 3


def test_one_text_too_large_for_memory_is_dead_lettered_alone() -> None:
    def judge(text: str) -> Prediction:
        if "breaks" in text:
            raise MemoryError
        return prediction("neutral")

    batch = [article("Orrin opens a plant"), article("Orrin breaks it"), article("Orrin hires")]
    outcomes = Scorer(FakeRuntime(judge), LINKER).score(batch)
    assert [type(outcome) for outcome in outcomes] == [ScoredArticle, DeadLetter, ScoredArticle]


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_an_answer_that_is_no_number_dead_letters_only_its_text(number: float) -> None:
    def judge(text: str) -> Prediction:
        broken = Prediction((number,) * 24, (0.1, 0.2, 0.7), None)
        return broken if "breaks" in text else prediction("neutral")

    batch = [article("Orrin opens a plant"), article("Orrin breaks it"), article("Orrin hires")]
    outcomes = Scorer(FakeRuntime(judge), LINKER).score(batch)
    assert [type(outcome) for outcome in outcomes] == [ScoredArticle, DeadLetter, ScoredArticle]
    assert "no finite answer" in str(outcomes[1])


def test_the_telling_sentence_is_the_surest_of_the_articles_own() -> None:
    batch = [
        article(
            "Orrin update", "It opened a plant. It missed a coupon on Friday. A coupon is due."
        ),
        article("Orrin update", "A coupon is due. Nothing else happened."),
    ]
    outcomes = Scorer(FakeRuntime(by_word), LINKER).score(batch)
    told = [item.sentence for item in outcomes if isinstance(item, ScoredArticle)]
    assert [sentence.text for sentence in told if sentence] == [
        "It missed a coupon on Friday.",
        "A coupon is due.",
    ]
    for outcome, item in zip(told, batch, strict=True):
        assert outcome
        assert outcome.text in text_of(item.title, item.body)


def test_a_neutral_article_has_no_telling_sentence() -> None:
    (outcome,) = Scorer(FakeRuntime(by_word), LINKER).score([article("Orrin opens a plant")])
    assert isinstance(outcome, ScoredArticle)
    assert outcome.sentence is None


def test_no_article_gives_no_outcome() -> None:
    assert Scorer(FakeRuntime(by_word), LINKER).score([]) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It fell 3.5 percent. It rose.", ["It fell 3.5 percent.", "It rose."]),
        ("It fell.\nIt rose", ["It fell.", "It rose"]),
        ("股价下跌。公司回应！情况如何？", ["股价下跌。", "公司回应！", "情况如何？"]),
        ("U.S. stocks fell", ["U.S. stocks fell"]),
        (" \n ", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts
