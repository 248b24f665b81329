"""What the documents name is there: paths, links, commands, targets, settings."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from pipeline import settings
from pipeline.cli.main import build
from pipeline.settings import ROOT

DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TOP = {path.name for path in ROOT.iterdir()}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)#]*)(?:#([^)]*))?\)")
COMMAND = re.compile(r"\btocsin((?: -{0,2}[A-Za-z][\w-]*)+)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
SETTING = re.compile(r"\bTOCSIN_[A-Z_]+")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)

every_document = pytest.mark.parametrize(
    "path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def code(path: Path) -> list[str]:
    """What a document sets in code, in pieces."""
    return CODE.findall(path.read_text(encoding="utf-8"))


@every_document
def test_every_link_leads_somewhere(path: Path) -> None:
    for target, _ in LINK.findall(path.read_text(encoding="utf-8")):
        if target and "://" not in target:
            assert (path.parent / target).exists(), target


@every_document
def test_every_path_is_there(path: Path) -> None:
    for piece in code(path):
        words = re.findall(r"[\w.*/-]+", piece)
        for word in words:
            if "/" in word and word.split("/")[0] in TOP:
                assert list(ROOT.glob(word.rstrip("/."))), word


@every_document
def test_every_command_is_one(path: Path) -> None:
    for piece in code(path):
        for words in COMMAND.findall(piece):
            assert_command(words.split())


def assert_command(words: list[str]) -> None:
    """The words name a command, as far as they go, and options that it has."""
    command: Any = tree()
    for number, word in enumerate(words):
        if word.startswith("-"):
            options = {name for item in command.params for name in item.opts}
            assert word in options, " ".join(words[: number + 1])
        elif commands := getattr(command, "commands", {}):
            assert word in commands, " ".join(words[: number + 1])
            command = commands[word]


@cache
def tree() -> Any:
    return typer.main.get_command(build())


@every_document
def test_every_target_of_make_is_one(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for piece in code(path):
        for target in TARGET.findall(piece):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def known() -> set[str]:
    """Every setting a program reads."""
    return set(SETTING.findall(Path(settings.__file__).read_text(encoding="utf-8")))


def settings_in(text: str, pattern: str = SETTING.pattern) -> set[str]:
    """The settings a text names. What follows TOCSIN_SECRET_ is the operator's to make up."""
    found = re.findall(pattern, text, re.MULTILINE)
    return {re.sub(r"(?<=^TOCSIN_SECRET_).*", "", name) for name in found}


@every_document
def test_every_setting_is_one(path: Path) -> None:
    assert settings_in(path.read_text(encoding="utf-8")) <= known()


def test_every_setting_is_documented() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert settings_in(example, r"^#?(TOCSIN_[A-Z_]+)=") == known()


def test_what_one_wants_to_change_is_told_with_its_place() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| I touch |")[1]
    rows = [line.split("|")[2] for line in table.split("\n\n")[0].splitlines()[2:]]
    assert len(rows) > 10
    for row in rows:
        paths = [word.strip("`") for word in re.findall(r"`[^`]+/[^`]*`", row)]
        assert paths or "`.env.example`" in row
        for path in paths:
            assert (ROOT / path).exists(), path


def test_the_schemas_are_of_every_message() -> None:
    from pipeline.messages import TOPIC_TYPES

    found = {path.name.removesuffix(".schema.json") for path in (ROOT / "docs/messages").iterdir()}
    assert found == set(TOPIC_TYPES)
