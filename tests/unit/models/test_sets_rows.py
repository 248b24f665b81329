"""Labels of every public set become ours, and no row says more than its set does."""

from typing import Any

import msgspec
import pytest

from models.data import Example, Named
from models.errors import ModelError
from models.labels import TOPICS
from models.sets.finding import public_set, public_sets
from models.sets.row import NOT_NEGATIVE, Mention, Row, masks
from models.sets.rows import own_rows, read_rows
from models.sets.spec import Record
from pipeline.settings import ROOT

TOLD = [{"text": "Osten", "sentiment": "negative"}, {"text": "Lunde", "sentiment": "positive"}]


def record(text: str, lang: str = "en", **known: Any) -> Record:
    """A line as a set has it, with more fields than are read."""
    line = {"id": "x-1", "text": text, "lang": lang, "split": "train", "n_copies": 1} | known
    return msgspec.convert(line, Record)


def row_of(name: str, text: str, lang: str = "en", **known: Any) -> Row:
    """The one row that a set makes of a line."""
    (row,) = read_rows(public_set(name), [record(text, lang, **known)]).rows
    return row


def labels(name: str, *entities: dict[str, Any], **known: Any) -> tuple[str | None, ...]:
    row = row_of(name, "松岭乳业与塔河钢铁签约", "zh", entities=entities, **known)
    return row.topic, row.sentiment, *(mention.sentiment for mention in row.mentions)


def test_every_set_of_the_issue_is_found_by_its_name() -> None:
    assert set(public_sets()) == {
        *("tfns", "tfn_topic", "sentfin", "finentity", "fpb", "fiqa", "cfsc_absa", "wwwxmu"),
        *("finfe", "finnl", "finnsp", "finese", "thucnews"),
    }
    assert all(public.name == name for name, public in public_sets().items())


def test_an_unknown_set_is_answered_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no labelled set 'sst2'; there are .*tfns"):
        public_set("sst2")


def test_only_sets_under_an_open_licence_are_open() -> None:
    found = {name: public.licence for name, public in public_sets().items() if public.open}
    assert found == {"tfns": "MIT", "tfn_topic": "MIT", "sentfin": "MIT", "finentity": "ODC-BY"}


@pytest.mark.parametrize(
    ("native", "topic"),
    [
        ("Financials", "earnings"),
        ("Gold | Metals | Materials", "commodities"),
        ("Personnel Change", "management"),
        ("General News | Opinion", None),
    ],
)
def test_a_topic_of_tweets_is_ours_only_where_it_is_one_of_ours(
    native: str, topic: str | None
) -> None:
    row = row_of("tfn_topic", "Tarn Steel names a new chief https://t.co/a", topic=native)
    assert (row.topic, row.native, row.text) == (topic, native, "Tarn Steel names a new chief http")


def test_the_twenty_topics_of_tweets_are_declared_for_a_head_of_their_own() -> None:
    assert len(public_set("tfn_topic").native) == 20
    assert {public.name for public in public_sets().values() if public.native} == {
        "tfn_topic",
        "tfns",
    }


def test_a_label_that_a_set_cannot_have_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"tfn_topic, x-1: unknown topic 'Weather'"):
        row_of("tfn_topic", "It rains", topic="Weather")
    with pytest.raises(ModelError, match=r"wwwxmu, x-1: .*'neutral' on the scale 'polar'"):
        row_of("wwwxmu", "塔河钢铁开会", "zh", sentiment="neutral")


def test_sentiments_of_texts_and_entities_are_taken_as_they_are() -> None:
    row = row_of("sentfin", "Lunde gains as Osten slides", entities=TOLD, split=None)
    assert row.sentiment is None
    assert [(m.name, m.start, m.sentiment) for m in row.mentions] == [
        ("Lunde", 0, "positive"),
        ("Osten", 15, "negative"),
    ]
    assert row_of("tfns", "$OST slides", sentiment="negative").scale == "three"


def test_an_offset_of_the_set_is_followed_through_the_cleaning() -> None:
    text = "“Osten” \x9d\x9d <b>and</b> Osten <OST.N> fell"
    named = [{"text": "Osten", "sentiment": "negative", "start": text.rindex("Osten"), "end": 0}]
    (mention,) = row_of("finentity", text, entities=named).mentions
    assert mention.start == len("“Osten” and ")


def test_entities_that_cannot_be_used_are_left_out_and_counted() -> None:
    more = [{"text": "Osten", "sentiment": "positive"}, {"text": "Veltra", "sentiment": "neutral"}]
    lines = [record("Osten slides, Lunde gains", entities=[*TOLD, *more])]
    read = read_rows(public_set("sentfin"), lines)
    assert [mention.name for mention in read.rows[0].mentions] == ["Lunde"]
    assert read.dropped["entity of two sentiments"] == 1
    assert read.dropped["entity not in the text"] == 1


def test_titles_that_are_good_or_bad_say_nothing_of_neutral() -> None:
    row = row_of("wwwxmu", "塔河钢铁中标大单", "zh", sentiment="positive")
    assert row.scale == "polar"
    assert masks("positive", row.scale) == ((False, False, True), (True, False, True))


def test_texts_that_are_negative_or_not_do_not_tell_neutral_from_positive() -> None:
    one, other = {"text": "松岭乳业", "sentiment": "negative"}, {"text": "塔河钢铁"}
    assert labels("finnsp", one, other, sentiment="negative") == (
        *(None, "negative"),
        *("negative", NOT_NEGATIVE),
    )
    assert labels("finnsp", other, sentiment=None) == (None, NOT_NEGATIVE, NOT_NEGATIVE)
    assert masks(NOT_NEGATIVE, "negative") == ((False, True, True), (True, True, True))
    assert masks("negative", "negative") == masks("negative", "three")


def test_a_bad_event_is_bad_for_its_subject_and_says_no_topic() -> None:
    assert labels("finese", {"text": "塔河钢铁"}, topic="财务造假") == (None, None, "negative")
    raised = record("塔河钢铁评级上调", "zh", topic="评级调整", entities=[{"text": "塔河钢铁"}])
    read = read_rows(public_set("finese"), [raised])
    assert (read.rows, read.dropped["no label of ours"]) == ([], 1)


@pytest.mark.parametrize(
    ("name", "text", "native", "topic"),
    [
        ("finnl", "郑糖主力合约收涨", "期货", "commodities"),
        ("finnl", "布伦特油跌破八十美元", "期货", "energy"),
        ("finnl", "两国外长会晤", "政治", "geopolitics"),
        ("cfsc_absa", "东屿省出口增长", "Economy", "macro"),
        ("fiqa", "$OST cut to sell", "Stock/Coverage", "ratings"),
        ("fiqa", "$OST breaks out", "Stock/Price_Action", "share_price"),
        ("fiqa", "$OST jumps", "['Market/Volatility]", "markets"),
        ("thucnews", "小城球队夺冠", "sports", "not_finance"),
        ("thucnews", "新区楼盘开盘", "realty", "property"),
    ],
)
def test_subjects_of_other_sets_become_topics(
    name: str, text: str, native: str, topic: str
) -> None:
    assert row_of(name, text, "zh", topic=native).topic == topic


@pytest.mark.parametrize(
    ("name", "native"),
    [
        ("finnl", "公司"),
        ("finnl", "经济|新冠"),
        ("finnl", "期货"),
        ("cfsc_absa", "Stock"),
        ("fiqa", "Corporate/Risks"),
        ("fiqa", "Corporate/Sales|Stock/Signal"),
        ("thucnews", "science"),
    ],
)
def test_subjects_of_several_of_our_topics_say_none(name: str, native: str) -> None:
    read = read_rows(public_set(name), [record("恒指期货夜盘收跌", "zh", topic=native)])
    assert read.rows == []
    assert read.dropped["no label of ours"] == 1


def test_every_topic_that_a_set_says_is_one_of_ours() -> None:
    for native in public_set("tfn_topic").native:
        assert row_of("tfn_topic", "Osten", topic=native).topic in {None, *TOPICS}


def test_copies_become_one_row_and_what_is_held_out_stays_held_out() -> None:
    lines = [
        record("Osten slides! https://t.co/a", id="a", sentiment="positive"),
        record("osten slides", id="b", sentiment="negative", split="valid"),
        record("???", id="c", sentiment="negative"),
    ]
    read = read_rows(public_set("tfns"), lines)
    assert [(row.id, row.split, row.sentiment) for row in read.rows] == [("b", "test", "negative")]
    assert read.dropped == {"copy of another row": 1, "no text": 1}


@pytest.mark.parametrize(("positive", "left"), [(1, []), (2, ["positive"])])
def test_copies_of_several_labels_need_a_majority_of_two_thirds(
    positive: int, left: list[str]
) -> None:
    told = ["positive"] * positive + ["negative"]
    lines = [record("Osten slides", id=f"{n}", sentiment=s) for n, s in enumerate(told)]
    read = read_rows(public_set("tfns"), lines)
    assert [row.sentiment for row in read.rows] == left
    assert read.dropped["copies of several labels"] == (not left)


def test_a_set_without_a_division_is_not_divided_by_what_its_lines_say() -> None:
    assert (
        row_of("cfsc_absa", "塔河钢铁停产", "zh", sentiment="negative", split="test").split is None
    )


def test_our_own_lines_are_rows_too() -> None:
    named = (Named("Osten", "negative"), Named("Lunde", "positive"))
    line = Example("en-1", "Lunde gains as Osten slides", "en", "share_price", "neutral", named)
    (row,) = own_rows([line])
    assert (row.set, row.topic, row.sentiment) == ("corpus", "share_price", "neutral")
    assert row.mentions == (
        Mention("Osten", 15, 20, "negative"),
        Mention("Lunde", 0, 5, "positive"),
    )


def test_a_mention_that_is_not_at_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="'Osten' is not at its place"):
        Row(id="a", set="x", text="Osten", lang="en", mentions=(Mention("Osten", 1, 6, "neutral"),))


def test_the_taxonomy_tells_what_becomes_of_every_set_and_label() -> None:
    page = (ROOT / "docs" / "taxonomy.md").read_text(encoding="utf-8")
    for public in public_sets().values():
        assert f"| {public.name} | " in page
        assert f" | {public.licence} | " in page
    for native in public_set("tfn_topic").native:
        topic = row_of("tfn_topic", "Osten", topic=native).topic
        told = f"`{topic}` |\n" if topic else "— "
        assert f"| {native.replace('|', chr(92) + '|')} | {told}" in page
    for topic in TOPICS:
        assert f"\n### `{topic}` " in page
