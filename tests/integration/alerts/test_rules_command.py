"""`tocsin rules`: the database is the truth, and no edit is lost."""

import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts import rulebook
from pipeline.alerts.rulebook import NotChanged
from pipeline.alerts.rules import RuleError
from pipeline.cli.main import build
from pipeline.store.connection import connect
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setenv("LOGNAME", "anna")


@pytest.fixture
def ruled(world: World) -> World:
    """A world in which a run has imported the shipped rule."""
    world.run(NOON)
    return world


def tocsin(*words: str | Path) -> Result:
    return CliRunner().invoke(build(), ["rules", *map(str, words)])


def exported(folder: Path, name: str = "rule.toml") -> Path:
    path = folder / name
    assert tocsin("export", path).exit_code == 0
    return path


def edit(path: Path, before: str, after: str) -> Path:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    return path


def versions(world: World) -> list[tuple[int, str, str]]:
    found = world.ask("SELECT version, actor, comment FROM rule_version ORDER BY version")
    return [(row["version"], row["actor"], row["comment"]) for row in found]


def test_a_file_goes_out_is_edited_and_comes_in_as_a_new_version(
    ruled: World, tmp_path: Path
) -> None:
    path = edit(exported(tmp_path), "min_stories = 4", "min_stories = 6")
    said = tocsin("import", path, "--comment", "too many small ones")
    assert "Version 2 is in force from the next alerts run on." in said.output
    assert versions(ruled) == [(1, "tocsin", ""), (2, "anna", "too many small ones")]
    ruled.add(ruled.burst(5, NOON))
    ruled.run(NOON)
    assert ruled.ask("SELECT version FROM rule") == [{"version": 2}]
    shown = tocsin("show").output
    assert "Version 2 by anna" in shown
    assert "too many small ones" in shown
    assert "holds 6 or more different negative stories" in shown
    told = tocsin("history").output
    assert "min_stories: 4 → 6" in told


def test_an_edit_made_elsewhere_is_not_overwritten_without_force(
    ruled: World, tmp_path: Path
) -> None:
    mine = edit(exported(tmp_path), "min_stories = 4", "min_stories = 6")
    theirs = edit(exported(tmp_path, "theirs"), "min_stories = 4", "min_stories = 5")
    assert tocsin("import", theirs, "--comment", "a").exit_code == 0
    refused = tocsin("import", mine, "--comment", "b").exception
    assert isinstance(refused, NotChanged)
    assert "Version 2 by anna is in force, and this was made from version 1" in str(refused)
    unknown = edit(mine, "version = 1\n", "")
    assert "an unknown one" in str(tocsin("import", unknown, "--comment", "b").exception)
    assert len(versions(ruled)) == 2
    assert tocsin("import", unknown, "--comment", "b", "--force").exit_code == 0
    assert len(versions(ruled)) == 3


def test_a_file_without_a_version_gives_way_to_nothing_but_the_shipped_rule(
    ruled: World, tmp_path: Path
) -> None:
    path = edit(exported(tmp_path), "version = 1\n", "")
    edit(path, "min_stories = 4", "min_stories = 6")
    assert tocsin("import", path, "--comment", "c").exit_code == 0


def test_the_same_rule_makes_no_version(ruled: World, tmp_path: Path) -> None:
    refused = tocsin("import", exported(tmp_path), "--comment", "nothing").exception
    assert "Version 1 says the same" in str(refused)
    assert len(versions(ruled)) == 1


def test_what_is_wrong_in_a_file_is_named_and_changes_nothing(ruled: World, tmp_path: Path) -> None:
    path = edit(exported(tmp_path), "min_stories = 4", "min_stories = 0")
    refused = tocsin("import", path, "--comment", "d").exception
    assert isinstance(refused, RuleError)
    assert "rule surge: Expected `int` >= 1 - at `$.min_stories`" in str(refused)
    path.write_text("version = 'x'\n[surge]\n", "utf-8")
    assert "version: write the number" in str(tocsin("import", path, "--comment", "d").exception)
    assert tocsin("import", path, "--comment", " ").exception
    assert len(versions(ruled)) == 1


def test_without_a_rule_it_says_who_brings_one(world: World) -> None:
    assert "the first alerts run imports the shipped one" in str(tocsin("show").exception)


def test_of_two_who_change_it_at_once_one_is_told_so(ruled: World) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def change(stories: int) -> None:
        link = connect(ruled.url, "console")
        now = rulebook.in_force(link)
        rule = rulebook.rule_of(now.body | {"min_stories": stories})
        barrier.wait()
        try:
            rulebook.change(link, rule, now.version, "x", "y")
            outcomes.append("done")
        except NotChanged:
            outcomes.append("told")
        finally:
            link.close()

    threads = [threading.Thread(target=change, args=(stories,)) for stories in (5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "told"]
    assert len(versions(ruled)) == 2
