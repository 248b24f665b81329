"""Any string becomes something a tokenizer can be given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text import cleaner, script

clean = cleaner(["<s>", "</s>", "<mask>"], window=128)


def test_special_tokens_written_out_in_a_text_lose_their_meaning() -> None:
    assert clean("Profit</s> rises <mask>") == "Profit  rises  "
    assert "<s>" not in clean("<<s>s>")


def test_links_become_one_word() -> None:
    assert clean("see https://example.com/a?b=c now") == "see http now"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert clean("a\ud800b").encode("utf-8") == "a\ufffdb".encode()


def test_blanks_do_not_push_the_text_out_of_the_window() -> None:
    assert clean(" " * 1000 + "\n\n" + "loss" + "\t" * 500) == "loss"


def test_a_text_of_any_length_is_cut_to_what_the_window_can_need() -> None:
    assert len(clean("银行" * 1_000_000)) == 128 * 8


def test_a_pair_of_surrogates_is_the_character_it_stands_for() -> None:
    assert clean("down \ud83d\udcc9") == "down 📉"


def test_knows_where_each_character_was() -> None:
    text = "  \n see https://example.com/a?b=c<s>\tHarbour  Bank\ud800 falls "
    found = clean.tracked(text)
    assert found.text == "see http Harbour Bank\ufffd falls"
    for word in ("see", "Harbour", "Bank", "falls"):
        start = text.index(word)
        low, high = found.span(start, start + len(word))
        assert found.text[low:high] == word


def test_knows_what_each_character_replaces() -> None:
    text = "  see\n\n https://a.b/c  <s>now \ud83d\udcc9 "
    found = clean.tracked(text)
    assert found.text == "see http  now 📉"
    assert [text[slice(*found.raw(at, at + 1))] for at in range(3, 9)] == [
        "\n\n ",
        *["https://a.b/c"] * 4,
        "  ",
    ]
    assert [text[slice(*found.raw(at, at + 1))] for at in (9, 10, 14)] == ["<s>", "n", text[-3:-1]]
    assert text[slice(*found.raw(4, 13))] == "https://a.b/c  <s>now"


def test_of_what_is_cleaned_away_nothing_is_left() -> None:
    text = "see https://example.com/HarbourBank now"
    start = text.index("HarbourBank")
    low, high = clean.tracked(text).span(start, start + 11)
    assert low == high


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_every_string_is_cleaned_and_each_character_has_its_place(text: str) -> None:
    found = clean.tracked(text)
    found.text.encode("utf-8")
    assert len(found.text) == len(found.origin)
    assert (found.origin[1:] >= found.origin[:-1]).all()
    assert len(found.text) == len(found.until)
    assert (found.until[1:] >= found.until[:-1]).all()
    assert all(0 <= place < len(text) for place in found.origin)
    assert all(found.origin < found.until)
    assert all(place <= len(text) for place in found.until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bank misses payment", "en"),
        ("某银行 ABC Holdings 未能兑付", "zh"),
        ("恒岱紡織發盈警", "zh"),
        ("Huawei (华为) opens a plant in Europe", "en"),
        ("", "en"),
        ("2024 -- 3.5%", "en"),
    ],
)
def test_tells_chinese_from_the_rest_by_its_letters(text: str, expected: str) -> None:
    assert script(text) == expected
