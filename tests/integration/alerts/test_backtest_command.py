"""`tocsin backtest`, as a person and a program see it."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts.rules import RuleError
from pipeline.cli.errors import CommandError
from pipeline.cli.main import build
from pipeline.store import delivery
from pipeline.store.connection import connect
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", world.url)
    monkeypatch.setenv("TOCSIN_ZONE", "UTC")
    monkeypatch.setenv("COLUMNS", "240")


@pytest.fixture
def told(world: World) -> World:
    """A surge of nine stories and one of five, and one who is told."""
    link = connect(world.url, "console")
    delivery.put_recipients(link, {"desk": {"channel": "slack", "to": {"url": "URL"}}})
    link.close()
    world.add(world.burst(9, NOW - DAY) + world.burst(5, NOW, issuers=("bank",)))
    return world


def strict(folder: Path) -> Path:
    """A rules file that takes more stories than the shipped one."""
    shipped = resources.files("pipeline.alerts").joinpath("rules.toml").read_text("utf-8")
    path = folder / "strict.toml"
    path.write_text(shipped.replace("stories = 5", "stories = 8"), "utf-8")
    return path


def tocsin(*words: str | Path) -> Result:
    since = (NOW - 2 * DAY).isoformat()
    return CliRunner().invoke(build(), ["backtest", "--from", since, *map(str, words)])


def test_days_and_alerts_are_told_with_who_would_hear(told: World) -> None:
    said = tocsin("--to", NOW.isoformat())
    assert said.exit_code == 0, said.exception
    rows = [line.split() for line in said.stdout.splitlines()]
    days = [row[1:] for row in rows if row and row[0].startswith("20")]
    assert ["1", "0", "0", "1", "0", "desk", "1"] in days
    (harbour,) = [row for row in rows if "Harbour" in row]
    assert harbour[-1] == "desk"
    assert told.alerts() == []


def test_a_change_is_judged_beside_the_rule_in_force(told: World, tmp_path: Path) -> None:
    out = tmp_path / "alerts.jsonl"
    said = tocsin("--rules", strict(tmp_path), "--out", out, "--json")
    assert said.exit_code == 0, said.exception
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {line["subject"]: line["change"] for line in lines} == {
        "harbour": "later",
        "bank": "lost",
    }
    summary = json.loads(said.stdout)
    assert summary["alerts"] == lines
    assert sum(day["alerts"] for day in summary["days"]) == 1
    assert sum(day["alerts"] for day in summary["in_force"]) == 2
    assert lines[0]["told"] == ["desk"]
    assert "was" in tocsin("--rules", strict(tmp_path)).stdout


def test_quiet_history_is_said_to_be_quiet(world: World) -> None:
    assert "Nothing would have fired." in tocsin().stdout


def test_what_cannot_be_used_is_said_in_a_sentence(world: World, tmp_path: Path) -> None:
    backwards = tocsin("--to", (NOW - 3 * DAY).isoformat()).exception
    assert isinstance(backwards, CommandError)
    assert backwards.exit_code == 2
    assert "cannot be used" in str(tocsin("--rules", tmp_path / "none.toml").exception)
    wrong = tmp_path / "wrong.toml"
    shutil.copy(strict(tmp_path), wrong)
    wrong.write_text(wrong.read_text("utf-8").replace("alpha = 5e-4", "alpha = 5"), "utf-8")
    error = tocsin("--rules", wrong).exception
    assert isinstance(error, RuleError)
    assert "rule surge: Expected `float` < 1.0 - at `$.alpha`" in str(error)
    wrong.write_text("[other]\n", "utf-8")
    assert "one table, [surge]; this one has other" in str(tocsin("--rules", wrong).exception)
