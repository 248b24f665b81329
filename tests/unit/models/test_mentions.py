"""Where a text names an entity, and which words around are about it."""

import pytest

from models.mentions import Clauses, find


def found(names: list[str], text: str) -> list[list[str]]:
    return [[text[start:end] for start, end in spans] for spans in find(names, text)]


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("Orrin", "Orrin falls as Orrin's lenders wait", ["Orrin", "Orrin"]),
        ("Orrin", "Orrington rises", []),
        ("银行", "某银行未能兑付，银行股下跌", ["银行", "银行"]),
        ("orrin", "ORRIN falls", ["ORRIN"]),
        ("M&A (UK)", "the M&A (UK) unit", ["M&A (UK)"]),
        ("Nobody", "Orrin falls", []),
        ("", "Orrin falls", []),
        (" ", "Orrin falls", []),
    ],
)
def test_a_name_is_found_as_a_whole_word(name: str, text: str, places: list[str]) -> None:
    assert found([name], text) == [places]


def test_a_place_belongs_to_the_longest_name_there() -> None:
    names = ["HDFC", "HDFC Bank"]
    assert found(names, "HDFC Bank gains, HDFC slips") == [["HDFC"], ["HDFC Bank"]]
    assert find(names, "HDFC Bank gains, HDFC slips")[0] == ((17, 21),)
    assert found(names, "HDFC Bank gains") == [["HDFC"], ["HDFC Bank"]]


@pytest.mark.parametrize(
    ("text", "name", "clause"),
    [
        (
            "Orrin soars on copper, while Thornbury sinks to a loss",
            "Orrin",
            "Orrin soars on copper",
        ),
        (
            "Orrin soars on copper, while Thornbury sinks to a loss",
            "Thornbury",
            " Thornbury sinks to a loss",
        ),
        ("Orrin: profit of $1,250.5m beats forecasts. Shares rise.", "Orrin", None),
        ("澜江银行净利大增，恒岱纺织却亏损三亿元", "澜江银行", "澜江银行净利大增"),
        ("澜江银行净利大增，恒岱纺织却亏损三亿元", "恒岱纺织", "恒岱纺织却亏损三亿元"),
        ("Acme, Birch and Cole fall", "Acme", "Acme, Birch and Cole fall"),
        ("Acme", "Acme", "Acme"),
    ],
)
def test_a_clause_ends_where_something_else_begins(
    text: str, name: str, clause: str | None
) -> None:
    start = text.index(name)
    low, high = Clauses(text).around(start, start + len(name))
    assert text[low:high] == (clause or "Orrin: profit of $1,250.5m beats forecasts")


def test_a_name_that_holds_a_separator_stays_in_one_clause() -> None:
    text = "Shares of Acme, Inc. rose sharply; others fell"
    start = text.index("Acme")
    low, high = Clauses(text).around(start, start + len("Acme, Inc."))
    assert text[low:high] == "Shares of Acme, Inc. rose sharply"
