"""A folder is whole or not there."""

from pathlib import Path

import pytest

from models.files import folder_made_whole


def test_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with folder_made_whole(target) as draft:
        (draft / "file").write_text("x")
        assert not target.exists()
    assert (target / "file").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_leaves_nothing_when_the_work_fails(tmp_path: Path) -> None:
    def half_way() -> None:
        with folder_made_whole(tmp_path / "made") as draft:
            (draft / "file").write_text("x")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half_way()
    assert not list(tmp_path.iterdir())


def test_the_first_of_two_makers_wins(tmp_path: Path) -> None:
    target = tmp_path / "made"
    with folder_made_whole(target) as slow:
        (slow / "file").write_text("slow")
        with folder_made_whole(target) as fast:
            (fast / "file").write_text("fast")
    assert (target / "file").read_text() == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
