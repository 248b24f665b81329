"""Which sources count as alive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console.roster import Roster
from pipeline import settings
from pipeline.store.shapes import Visit

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SOURCE = """
publisher: {{id: {name}, name: {name} News, owner: {name}, tier: wire}}
kind: feed
urls: [https://{name}.example/rss.xml]
language: en
schedule: 10
expected_per_day: 4
"""


def roster(folder: Path, *names: str) -> Roster:
    for name in names:
        (folder / f"{name}.yml").write_text(SOURCE.format(name=name), encoding="utf-8")
    return Roster(replace(settings.load({}), source_dirs=(folder,)))


def visit(source_id: str, answered: int | None, last: int | None = 0) -> Visit:
    def ago(minutes: int | None) -> datetime | None:
        return None if minutes is None else NOW - timedelta(minutes=minutes)

    return Visit(source_id, ago(last), "ok" if last == answered else "failed", ago(answered))


def test_three_missed_visits_make_a_source_silent(tmp_path: Path) -> None:
    found = roster(tmp_path, "one", "two")
    watch = found.watch([visit("one", 35), visit("two", 36)], NOW)
    assert watch.alive == 1
    assert [name for name, _ in watch.silent] == ["two News"]


def test_a_source_never_visited_is_waited_for_one_never_answering_is_silent(
    tmp_path: Path,
) -> None:
    found = roster(tmp_path, "one", "two")
    watch = found.watch([visit("one", None, None), visit("two", None)], NOW)
    assert watch.alive == 0
    assert [name for name, _ in watch.silent] == ["two News"]


def test_a_wrong_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("kind: feed", encoding="utf-8")
    found = roster(tmp_path)
    assert found.sources() == {}
    assert found.wrong is not None
    assert "bad.yml" in found.wrong
