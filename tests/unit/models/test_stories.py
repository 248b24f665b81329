"""The story vector is learned from labelled reports, kept beside its model, and no other's."""

from pathlib import Path

import numpy as np
import pytest

from models import stories
from models.errors import ModelError
from models.stories import Report, StoryHead, learn, load, read_reports, save
from pipeline.settings import ROOT
from pipeline.stories import SAME_STORY, signature, similarity

TAUGHT = ROOT / "models" / "corpus" / "stories"
MEASURED = ROOT / "tests" / "fixtures" / "stories"


def _report(number: int, story: int) -> Report:
    return Report(f"w-{number}", f"s{story}", "en", "title", "body", "wire", "2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def taught() -> tuple[list[Report], np.ndarray]:
    """Twelve stories of four reports: alike but for a few of many numbers, behind a loud offset."""
    draw = np.random.default_rng(0)
    events = draw.normal(size=(12, 8)).repeat(4, axis=0)
    subjects = draw.normal(size=(48, 24)) * 1.5
    vectors = np.hstack([events, subjects]) + 5
    return [_report(i, i // 4) for i in range(48)], vectors.astype(np.float32)


def _told_apart(vectors: np.ndarray) -> float:
    """How much nearer reports of one story are than others, in mean cosine."""
    cosines = vectors @ vectors.T
    same = np.equal.outer(np.arange(48) // 4, np.arange(48) // 4)
    return float(cosines[same & ~np.eye(48, dtype=bool)].mean() - cosines[~same].mean())


def test_reports_of_one_event_come_together(taught: tuple[list[Report], np.ndarray]) -> None:
    reports, vectors = taught
    plain = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    head = learn(reports, vectors, lambda i, j: False)
    moved = head.vectors(vectors, ["en"] * 48)
    assert np.allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-5)
    assert _told_apart(moved) > _told_apart(plain) + 0.2


def test_a_head_is_read_as_it_was_written(tmp_path: Path) -> None:
    head = StoryHead(
        {"en": np.zeros(4, np.float32), "zh": np.ones(4, np.float32)}, np.eye(4, dtype=np.float32)
    )
    assert load(tmp_path, "a") is None
    save(head, "a", tmp_path)
    found = load(tmp_path, "a")
    assert found is not None
    assert np.array_equal(found.projection, head.projection)
    assert np.array_equal(found.centres["zh"], head.centres["zh"])
    assert [path.name for path in tmp_path.iterdir()] == [stories.FILE]


def test_the_head_of_another_model_is_refused(tmp_path: Path) -> None:
    head = StoryHead(dict.fromkeys(("en", "zh"), np.zeros(4, np.float32)), np.eye(4, dtype="f4"))
    save(head, "a", tmp_path)
    with pytest.raises(ModelError, match="belongs to a, not to b"):
        load(tmp_path, "b")
    (tmp_path / stories.FILE).write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="is damaged"):
        load(tmp_path, "a")


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "a-1"}\n', encoding="utf-8")
    with pytest.raises(ModelError, match=r"x\.jsonl:1"):
        read_reports(path)


def test_what_it_is_measured_on_is_not_what_it_learned_from() -> None:
    taught = [one for path in sorted(TAUGHT.glob("*.jsonl")) for one in read_reports(path)]
    measured = [one for path in sorted(MEASURED.glob("*.jsonl")) for one in read_reports(path)]
    assert len(taught) >= 900
    assert len(measured) >= 600
    seen = [signature(one.title, one.body) for one in taught]
    for one in measured:
        signed = signature(one.title, one.body)
        assert max(similarity(signed, other) for other in seen) < SAME_STORY, one.id
