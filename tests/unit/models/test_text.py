"""Any string becomes something a tokenizer can be given."""

import pytest
from hypothesis import example, given
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


@given(
    st.text(
        st.one_of(st.characters(), st.sampled_from(" \n\t\u2028\ud83d\udcc9<s>htp:/w.银")),
        max_size=80,
    )
)
@example(" \t see https://a.b/c</s> \ud83d\udcc9 x\ud800\n<mask>www.x ")
@example("银 " * 2_000)
def test_the_traced_text_is_the_cleaned_one_and_knows_its_origins(text: str) -> None:
    traced = clean.traced(text)
    assert traced.text == clean(text)
    assert len(traced.origins) == len(traced.text)
    for character, (start, end) in zip(traced.text, traced.origins, strict=True):
        assert character == text[start:end] or character in " http\ufffd" or end - start == 2
    assert traced.origins == sorted(traced.origins)


def test_a_traced_character_stands_where_it_stood() -> None:
    text = "  see\n\n https://a.b/c  <s>now"
    traced = clean.traced(text)
    assert traced.text == "see http  now"
    assert [text[slice(*span)] for span in traced.origins[3:9]] == [
        "\n\n ",
        *["https://a.b/c"] * 4,
        "  ",
    ]
    assert [text[slice(*span)] for span in traced.origins[9:11]] == ["<s>", "n"]
