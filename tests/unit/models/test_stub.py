"""The keyword stub says what tests of other parts rely on."""

import pytest

from models.labels import SENTIMENTS, TOPICS
from models.runtime.stub import StubRuntime


@pytest.mark.parametrize(
    ("text", "topic", "sentiment"),
    [
        ("Harbour Bank misses coupon, creditors fear default", "credit_debt", "negative"),
        ("公司债券违约，逾期债务未能兑付", "credit_debt", "negative"),
        ("Football match ends in a draw", "not_finance", "neutral"),
        ("央行宣布降准", "monetary_policy", "neutral"),
        ("Chipmaker quarterly results: revenue grew, earnings beat", "earnings", "positive"),
        ("", "other_finance", "neutral"),
    ],
)
def test_keywords_decide_topic_and_sentiment(text: str, topic: str, sentiment: str) -> None:
    prediction = StubRuntime().score([text])[0]
    assert TOPICS[max(range(24), key=prediction.topic_probs.__getitem__)] == topic
    assert SENTIMENTS[max(range(3), key=prediction.sentiment_probs.__getitem__)] == sentiment


def test_a_latin_keyword_is_found_only_at_the_start_of_a_word() -> None:
    stub = StubRuntime()
    assert stub.score(["chargain"])[0].sentiment_probs == stub.score(["nothing"])[0].sentiment_probs
