"""`tocsin link`, from file to file."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import link
from pipeline.cli.errors import CommandError
from pipeline.entities.lists import IssuerListError

LIST = """symbol,exchange,type,name,short_name,sp500_name,gics_sector,gics_sub_industry
ORRN,NASDAQ,stock,Orrin Copper Inc. Common Stock,Orrin Copper,,,
"""


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


def _run(folder: Path, lines: list[dict[str, Any]], *options: object) -> Result:
    file = folder / "texts.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))
    app = typer.Typer()
    link.register(app)
    # A second command: typer would not ask for the name of a single one.
    app.command("other")(lambda: None)
    arguments = ["link", file, "--out", folder / "linked.jsonl", *options]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _linked(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "linked.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line) for line in lines]


def test_every_mention_comes_with_its_place_in_the_text_as_given(tmp_path: Path) -> None:
    text = "📉 腾讯与騰訊控股(0700.HK)\n正文提到Tencent。"
    result = _run(tmp_path, [{"id": 1, "text": text}])
    assert result.exit_code == 0, result.output
    (line,) = _linked(tmp_path)
    assert line["id"] == 1
    assert [text[one["start"] : one["end"]] for one in line["entities"]] == [
        "腾讯",
        "騰訊控股",
        "0700.HK",
        "Tencent",
    ]
    assert {(one["entity_id"], one["name"]) for one in line["entities"]} == {
        ("tencent", "腾讯控股")
    }
    assert [one["relevance"] for one in line["entities"]] == [1.0, 1.0, 1.0, 0.4]
    assert all(one["text"] == text[one["start"] : one["end"]] for one in line["entities"])


def test_title_and_body_are_one_text_with_a_line_break(tmp_path: Path) -> None:
    body = "More of it. " * 30 + "Microsoft said no."
    _run(
        tmp_path,
        [{"id": "a", "title": "Nvidia shares fall", "body": body}, {"id": "b", "text": ""}],
    )
    first, second = _linked(tmp_path)
    text = f"Nvidia shares fall\n{body}"
    assert [(one["entity_id"], one["relevance"]) for one in first["entities"]] == [
        ("nvidia", 1.0),
        ("microsoft", 0.2),
    ]
    assert [text[one["start"] : one["end"]] for one in first["entities"]] == ["Nvidia", "Microsoft"]
    assert second == {"id": "b", "entities": []}


def test_a_list_of_ones_own_adds_issuers(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(LIST, encoding="utf-8")
    lines = [{"id": 1, "text": "Orrin Copper (NASDAQ: ORRN) and Nvidia rise"}]
    _run(tmp_path, lines, "--gazetteer", own)
    (line,) = _linked(tmp_path)
    assert [one["entity_id"] for one in line["entities"]] == ["ORRN.US", "ORRN.US", "nvidia"]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ({"text": "no id"}, "texts.jsonl:2:"),
        ({"id": 1}, "needs either a text or a title"),
        ({"id": 1, "text": "a", "title": "b"}, "needs either a text or a title"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_written(
    tmp_path: Path, line: dict[str, Any], cause: str
) -> None:
    result = _run(tmp_path, [{"id": 0, "text": "fine"}, line])
    assert isinstance(result.exception, CommandError)
    assert cause in str(result.exception)
    assert not (tmp_path / "linked.jsonl").exists()


def test_a_wrong_list_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("ticker\n", encoding="utf-8")
    result = _run(tmp_path, [{"id": 0, "text": "fine"}], "--gazetteer", own)
    assert isinstance(result.exception, IssuerListError)
    missing = _run(tmp_path, [{"id": 0, "text": "fine"}], "--gazetteer", tmp_path / "none.csv")
    assert isinstance(missing.exception, CommandError)
    assert "none.csv" in str(missing.exception)
