"""`tocsin cluster`, from file to file."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import cluster, stories
from pipeline.cli.errors import CommandError

FIRE = "Orrin Copper shut its smelter in Port Vale after a fire on Monday and sent workers home"


@pytest.fixture(autouse=True)
def _stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOCSIN_DEVICE", "stub")
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))


def _run(folder: Path, lines: list[dict[str, Any]]) -> Result:
    file = folder / "articles.jsonl"
    file.write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))
    return _invoke("cluster", file, "--out", folder / "stories.jsonl")


def _invoke(*arguments: object) -> Result:
    app = typer.Typer()
    cluster.register(app)
    stories.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def _clustered(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "stories.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line) for line in lines]


def test_the_oldest_article_names_the_story_and_lines_keep_their_order(tmp_path: Path) -> None:
    late, early = "2026-05-04T12:00:00Z", "2026-05-04T09:00:00Z"
    lines = [
        {"id": 3, "title": f"{FIRE} today", "publisher": "Wire", "published_at": late},
        {"id": "x", "text": "Central bank leaves rates where they were"},
        {"id": 1, "title": FIRE, "body": "", "published_at": early},
    ]
    result = _run(tmp_path, lines)
    assert result.exit_code == 0, result.output
    copy, other, first = _clustered(tmp_path)
    assert (copy["id"], copy["story_id"], copy["copy_of"]) == (3, 1, 1)
    assert 0.8 < copy["similarity"] <= 1
    assert other == {"id": "x", "story_id": "x"}
    assert first == {"id": 1, "story_id": 1}


def test_an_undated_article_comes_behind_the_line_before_it(tmp_path: Path) -> None:
    late = "2026-05-04T12:00:00Z"
    lines = [
        {"id": 1, "title": FIRE, "published_at": late},
        {"id": 2, "title": f"{FIRE} today"},
        {"id": 3, "title": f"{FIRE} again", "published_at": "2026-04-01T09:00:00Z"},
    ]
    assert _run(tmp_path, lines).exit_code == 0
    assert [line["story_id"] for line in _clustered(tmp_path)] == [1, 1, 3]


def test_an_empty_file_gives_an_empty_file(tmp_path: Path) -> None:
    assert _run(tmp_path, []).exit_code == 0
    assert _clustered(tmp_path) == []


def test_a_line_without_a_text_is_named(tmp_path: Path) -> None:
    result = _run(tmp_path, [{"id": 1, "title": "a"}, {"id": 2, "body": "b"}])
    assert isinstance(result.exception, CommandError)
    assert "articles.jsonl:2" in str(result.exception)
    assert not (tmp_path / "stories.jsonl").exists()


def test_without_labelled_reports_nothing_is_taught(tmp_path: Path) -> None:
    result = _invoke("stories", tmp_path, "--corpus", tmp_path)
    assert isinstance(result.exception, CommandError)
    assert "no labelled reports" in str(result.exception)
