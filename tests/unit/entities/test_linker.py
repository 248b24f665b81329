"""Issuers are linked by their exact names, and nothing is guessed."""

import time

import pytest

from pipeline.entities.issuers import Issuer, Security
from pipeline.entities.linker import Linker, headline_of


def issuer(entity_id: str, *english: str, chinese: tuple[str, ...] = (), code: str = "") -> Issuer:
    names = chinese or english
    securities = (Security(code),) if code else ()
    return Issuer(
        entity_id,
        "issuer",
        english[0],
        names[0],
        securities,
        aliases_en=english[1:],
        aliases_zh=names[1:],
    )


ISSUERS = [
    issuer("orrin", "Orrin"),
    issuer("orrin-steel", "Orrin Steel", "Orrin Steel Holdings", code="09902.HK"),
    issuer("yunling", "Yunling Property", chinese=("云岭地产", "云岭")),
    issuer("meridian-bank", "Meridian Harbour Bank", "Meridian"),
    issuer("meridian-air", "Meridian Air", "Meridian"),
    issuer("harbour", "Harbour"),
]


def linked(title: str, body: str = "") -> list[str]:
    return [mention.entity_id for mention in Linker(ISSUERS).link(title, body)]


@pytest.mark.parametrize(
    ("title", "entities"),
    [
        ("Orrin Steel Holdings cuts output", ["orrin-steel"]),
        ("Orrin cuts output", ["orrin"]),
        ("Meridian Harbour Bank draws on its credit line", ["meridian-bank"]),
        ("云岭地产未能兑付", ["yunling"]),
        ("消息称云岭资金紧张", ["yunling"]),
        ("9902.HK slides", ["orrin-steel"]),
        ("ORRIN CUTS OUTPUT", ["orrin"]),
        ("the orrin river", []),
        ("Nothing of note", []),
        ("", []),
    ],
)
def test_the_longest_name_decides(title: str, entities: list[str]) -> None:
    assert linked(title) == entities


@pytest.mark.parametrize(
    ("title", "entities"),
    [
        ("Orrington floods", []),
        ("McOrrin resigns", []),
        ("Orrin's debt, (Orrin)", ["orrin"]),
        ("传Orrin裁员", ["orrin"]),
        # The longer name is no whole word here; the shorter one is.
        ("Orrin Steelworkers walk out", ["orrin"]),
    ],
)
def test_a_latin_name_is_a_whole_word(title: str, entities: list[str]) -> None:
    assert linked(title) == entities


def test_a_spelling_of_two_issuers_links_neither() -> None:
    assert linked("Meridian shares fall") == []


def test_a_shorter_name_within_a_shared_spelling_is_not_linked() -> None:
    shared = [issuer("a", "A Bank", "Harbour Group"), issuer("b", "B Bank", "Harbour Group")]
    assert Linker([*shared, issuer("harbour", "Harbour")]).link("Harbour Group falls", "") == []


def test_a_headline_outranks_the_lead_and_the_lead_a_passing_mention() -> None:
    mentions = Linker(ISSUERS).link(
        "Harbour falls", "Orrin too." + " more" * 60 + " Yunling Property."
    )
    assert [(item.entity_id, item.relevance) for item in mentions] == [
        ("harbour", 1.0),
        ("orrin", 0.4),
        ("yunling", 0.2),
    ]


def test_spans_point_at_the_names_in_title_and_body() -> None:
    title, body = "📉 Orrin falls", "云岭地产与 Orrin 签约"
    text = f"{title}\n{body}"
    spelled = {
        mention.entity_id: [text[start:end] for start, end in mention.spans]
        for mention in Linker(ISSUERS).link(title, body)
    }
    assert spelled == {"orrin": ["Orrin", "Orrin"], "yunling": ["云岭地产"]}


def test_an_empty_list_links_nothing() -> None:
    assert Linker([]).link("Orrin falls", "") == []


COMPANIES = [
    issuer("gap", "Gap"),
    issuer("ford", "Ford"),
    issuer("hyatt", "Hyatt Hotels"),
    issuer("target", "Target"),
    issuer("robot", "机器人", code="300024.SZ"),
    issuer("compass", "指南针", code="300803.SZ"),
    issuer("moutai", "贵州茅台", code="600519.SH"),
    issuer("tencent", "Tencent", chinese=("腾讯控股", "腾讯"), code="00700.HK"),
]


def spelled(text: str) -> list[str]:
    places = Linker(COMPANIES).places(text, headline_of(text))
    return [text[place.start : place.end] for place in places]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The gap between rich and poor widens", []),
        ("Gap between rich and poor widens", []),
        ("Gap Inc. raises its outlook", ["Gap Inc."]),
        ("Gap raises its outlook", ["Gap"]),
        ("Analysts expect Gap to close stores", ["Gap"]),
        ("President Gerald Ford said no", []),
        ("Gerald Ford, the 38th president, grew up here", []),
        (
            "Hyatt Hotels will hire more. Hyatt said so, not Hyatt Regency.",
            ["Hyatt Hotels", "Hyatt"],
        ),
        ("Police Miss Target In Drill", []),
        ("机器人走进小学课堂", []),
        ("机器人(300024)股价涨停", ["机器人", "300024"]),
        ("贵州茅台、机器人和指南针领涨", ["贵州茅台", "机器人", "指南针"]),
        ("登山者丢了指南针", []),
        # A name that is sure makes the same word sure elsewhere in the text.
        ("机器人发布公告。公告称，机器人订单饱满", ["机器人", "机器人"]),
    ],
)
def test_an_everyday_word_is_a_company_where_the_text_says_so(text: str, names: list[str]) -> None:
    assert spelled(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tencent Music adds users", []),
        ("騰訊控股與騰訊", ["騰訊控股", "騰訊"]),
        ("腾讯控股有限公司公布业绩", ["腾讯控股有限公司"]),
        ("ＴＥＮＣＥＮＴ rises", ["ＴＥＮＣＥＮＴ"]),
        ("走势回顾（００７００．ＨＫ）", ["００７００．ＨＫ"]),
    ],
)
def test_a_name_is_found_in_either_script_with_its_legal_form(text: str, names: list[str]) -> None:
    assert spelled(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 50_000,
        "Gap and " * 7_000,
        "share on " * 7_000,
        "123456 " * 8_000,
        "a.com/" * 9_000,
        "Ford Motor said " * 3_000,
        "机器人 " * 12_000,
        "0700 " * 9_000,
        "分享" + " " * 50_000,
        "Facebook" + " " * 50_000 + "x",
    ],
)
def test_a_hostile_text_is_linked_in_no_time(text: str) -> None:
    begun = time.perf_counter()
    Linker(COMPANIES).places(text, 10)
    assert time.perf_counter() - begun < 5


def test_the_headline_is_the_first_line_or_else_the_first_sentence() -> None:
    assert headline_of("One line\nand a body") == 8
    assert headline_of("\n \nOne line\nand a body") == 11
    assert headline_of("First. Second.") == 6
    assert headline_of("海港银行否认传闻。存款稳定。") == 9
    assert headline_of("No end at all") == 13
