"""Issuers are linked by their exact names, and nothing is guessed."""

from pathlib import Path

import pytest

from pipeline.entities import COLUMNS, Issuer, IssuerListError, Linker, read_issuers


def issuer(entity_id: str, *english: str, chinese: tuple[str, ...] = (), code: str = "") -> Issuer:
    names = chinese or english
    return Issuer(entity_id, "issuer", english[0], names[0], code, "", english[1:], names[1:])


ISSUERS = [
    issuer("orrin", "Orrin"),
    issuer("orrin-steel", "Orrin Steel", "Orrin Steel Holdings", code="9902.HK"),
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
        ("ORRIN cuts output", []),
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


HEADER = ",".join(COLUMNS)
ROW = "orrin,issuer,Orrin,,9901.HK,metals,Orrin Group|Orrin plc,"


def written(folder: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = folder / "issuers.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def test_a_list_is_read_with_both_names_filled(tmp_path: Path) -> None:
    (found,) = read_issuers([written(tmp_path, HEADER, ROW)])
    assert (found.name_zh, found.aliases_en) == ("Orrin", ("Orrin Group", "Orrin plc"))


def test_a_list_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    assert read_issuers([written(tmp_path, HEADER, ROW, encoding="utf-8-sig")])


@pytest.mark.parametrize(
    ("lines", "line", "cause"),
    [
        (["entity_id,kind", ROW], 1, "the first line must be entity_id,kind,name_en"),
        ([HEADER, "orrin,issuer"], 2, "exactly 8 columns"),
        ([HEADER, ROW + ",one,too many"], 2, "exactly 8 columns"),
        ([HEADER, ",issuer,Orrin,,,,,"], 2, "needs an entity_id"),
        ([HEADER, "orrin,issuer,,,,,,"], 2, "a name in one language"),
        ([HEADER, "orrin,bank,Orrin,,,,,"], 2, "kind is 'bank'; write issuer or institution"),
        ([HEADER, ROW, "kite,issuer,Kite,,,,,", ROW], 4, "orrin or its code is twice"),
        ([HEADER, ROW, "kite,issuer,Kite,,9901.HK,,,"], 3, "kite or its code is twice"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(
    tmp_path: Path, lines: list[str], line: int, cause: str
) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(IssuerListError, match=cause) as caught:
        read_issuers([path])
    assert str(caught.value).startswith(f"{path}:{line}:")


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, "yunling,issuer,,云岭地产,,,,", encoding="gb18030")
    with pytest.raises(IssuerListError, match="save it as UTF-8"):
        read_issuers([path])
