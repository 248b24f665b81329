"""Texts become token ids, and ids know the place in the text that they stand for."""

from pathlib import Path

import pytest

from models.batching import Encoder
from models.pieces import words
from tests.fixtures.tiny_model import write_base

pytestmark = pytest.mark.slow

TEXTS = [
    "",
    " \n",
    "Bank  misses\nsee https://a.b/c <s>now",
    "银行 ABC 违约，上调３.5％",
    "\ud83d\udcc9 lone \ud800 a\u0301",
    "x" * 9_000,
]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder: Path = tmp_path_factory.mktemp("batching")
    return Encoder(write_base(folder).tokenizer(), 64, "query: ")


@pytest.mark.parametrize("text", TEXTS)
def test_traced_ids_are_those_the_model_reads(encoder: Encoder, text: str) -> None:
    ids, spans = encoder.traced(text)
    assert [ids] == encoder.ids([text])
    assert len(spans) == len(ids)


def test_special_tokens_and_prefix_stand_for_nothing_in_the_text(encoder: Encoder) -> None:
    bare, _ = encoder.traced("")
    _, spans = encoder.traced("Bank")
    assert spans[: len(bare) - 1] == [None] * (len(bare) - 1)
    assert spans[-1] is None


def test_words_are_found_where_the_text_has_them(encoder: Encoder) -> None:
    text = "  Bank  misses\nsee https://a.b/c now, 银行违约"
    shown = [text[word.start : word.end] for word in words(text, encoder.traced(text)[1])]
    assert shown == [
        *("Bank", "misses", "see", "https://a.b/c", "now", ","),
        *"银行违约",
    ]
