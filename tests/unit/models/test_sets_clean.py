"""Texts of labelled sets are cleaned, and what was named in them keeps its place."""

import pytest

from models.sets.clean import clean
from models.sets.spans import find, nearest


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Oil rises  https://t.co/Ab1 www.example.org/x", "Oil rises http http"),
        # Chinese goes on behind a link without a blank.
        ("详情见http://m.example.cn/12?a=1谢谢", "详情见http谢谢"),
        ("AT&amp;T &lt;up&gt; 5&#37;", "AT&T <up> 5%"),
        ("says it\x9d will\u00a0pay\r\n now\u200b.", "says it will pay now."),
        ("Free\u200bdom and ha\u00adven", "Freedom and haven"),
        ("????平台<P>跑路</P>&nbsp;&nbsp;了{IMG:12}[[+_+]] ???", "平台 跑路 了"),
        ('<span style="font-weight: bold;">涨</span><br/>停', "涨 停"),
        # Codes of securities stand in the same brackets as tags.
        ("Johnson <JNJ.N> and Agilent <A.N> gain", "Johnson <JNJ.N> and Agilent <A.N> gain"),
        (r"每股6.98元\/股\n7天", "每股6.98元/股 7天"),
        ("Why ? Why??", "Why ? Why??"),
        ("\ue627涨\uf0b7停", "涨 停"),
    ],
)
def test_what_is_not_text_is_taken_out(text: str, cleaned: str) -> None:
    assert clean(text).text == cleaned


def test_offsets_follow_what_they_pointed_at() -> None:
    text = "\n <b>Osten</b> &amp; Co,\x9d  see https://t.co/x Brightwell????"
    cleaned = clean(text)
    for name in ("Osten", "Co", "see", "Brightwell"):
        assert cleaned.text.startswith(name, cleaned.at(text.index(name)))


def test_every_offset_lies_in_the_cleaned_text() -> None:
    text = " ??? a\u200b <p> https://x.y/z &amp; 停 \n"
    cleaned = clean(text)
    places = [cleaned.at(offset) for offset in range(len(text) + 1)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= len(cleaned.text)


def _found(text: str, *names: str) -> list[str | None]:
    return [span and f"{span[0]}:{text[slice(*span)]}" for span in find(text, names)]


def test_a_name_is_found_where_it_stands_by_itself() -> None:
    text = "北京松岭与松岭签约"
    assert _found(text, "松岭", "北京松岭") == ["5:松岭", "0:北京松岭"]
    assert _found("北京松岭签约", "松岭", "北京松岭") == ["2:松岭", "0:北京松岭"]


def test_a_ticker_is_not_found_inside_a_word() -> None:
    assert _found("EARNINGS of $EA beat", "EA") == ["13:EA"]
    assert _found("EARNINGS beat", "EA") == [None]


def test_a_name_is_found_in_other_cases_and_without_its_qualifier() -> None:
    assert _found("osten falls", "Osten") == ["0:osten"]
    assert _found("宜丰贷跑路", "宜丰贷(沪)") == ["0:宜丰贷"]


def test_of_several_places_the_closest_to_what_was_told_is_taken() -> None:
    text = "Osten rose. Then Osten fell."
    assert nearest(text, "Osten", 14) == (17, 22)
    assert nearest(text, "Osten", 3) == (0, 5)
    assert nearest(text, "Lunde", 3) is None
