"""What may replace the champion, and the sentence that says why not."""

from pathlib import Path

import msgspec
import pytest

from models.config import load_config
from models.data import digest, read_corpus
from models.errors import ModelError
from models.figures import Figures, HeadFigures, Interval
from models.retrain import freeze, gate

FLOOR = load_config().gate
LINE = {"text": "Profit rises", "lang": "en", "topic": "earnings", "sentiment": "positive"}


def _figures(
    topic: float = 0.8,
    sentiment: float = 0.85,
    ece: float = 0.05,
    rows: int = 150,
    entity: float | None = 0.75,
) -> Figures:
    def head(f1: float, error: float = 0.0) -> HeadFigures:
        return HeadFigures(*(Interval(x, x, x) for x in (f1, f1, error)), classes={})

    languages = ("en", "zh")
    return Figures(
        data="frozen",
        rows=dict.fromkeys(languages, rows),
        heads={
            "topic": {x: head(topic) for x in languages},
            "sentiment": {x: head(sentiment, ece) for x in languages},
        }
        | ({} if entity is None else {"entity": {x: head(entity) for x in languages}}),
    )


def test_an_equal_passes() -> None:
    decision = gate(_figures(), _figures(), FLOOR)
    assert decision.passed
    assert decision.reasons == ()


def test_one_who_answers_more_than_the_champion_passes() -> None:
    assert gate(_figures(), _figures(entity=None), FLOOR).passed


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (_figures(topic=FLOOR.min_topic_macro_f1 - 0.01), "topic macro-F1"),
        (_figures(sentiment=FLOOR.min_sentiment_macro_f1 - 0.01), "sentiment macro-F1"),
        (_figures(ece=FLOOR.max_sentiment_ece + 0.01), "calibration error"),
        (_figures(topic=0.8 - FLOOR.max_regression - 0.01), "below the champion's 0.800"),
        (_figures(sentiment=0.85 - FLOOR.max_regression - 0.01), "below the champion's 0.850"),
        (_figures(entity=0.75 - FLOOR.max_regression - 0.01), "below the champion's 0.750"),
        (_figures(entity=None), "the champion was measured on entity"),
        (_figures(rows=FLOOR.min_rows - 1), "frozen rows"),
        (_figures(rows=151), "different rows"),
    ],
)
def test_what_falls_short_is_named(candidate: Figures, reason: str) -> None:
    decision = gate(candidate, _figures(), FLOOR)
    assert not decision.passed
    assert any(reason in sentence for sentence in decision.reasons)


def test_one_language_is_enough_to_fail() -> None:
    candidate = _figures()
    candidate.heads["topic"]["zh"] = _figures(topic=0.3).heads["topic"]["zh"]
    decision = gate(candidate, _figures(), FLOOR)
    assert decision.reasons
    assert all(sentence.startswith("zh: ") for sentence in decision.reasons)


def _corpus(folder: Path, *ids: str) -> Path:
    folder.mkdir()
    lines = (msgspec.json.encode({"id": id_} | LINE) for id_ in ids)
    (folder / "lines.jsonl").write_bytes(b"\n".join(lines))
    return folder


def test_a_snapshot_is_the_same_for_the_same_lines_and_keeps_them_all(tmp_path: Path) -> None:
    one, two = _corpus(tmp_path / "a", "x", "y"), _corpus(tmp_path / "b", "z")
    snapshot = freeze([one, two], tmp_path / "snapshots")
    assert freeze([two, one], tmp_path / "snapshots") == snapshot
    lines = read_corpus(snapshot.folder)
    assert [line.id for line in lines] == ["x", "y", "z"]
    assert digest(lines) == snapshot.digest


def test_an_id_in_two_corpora_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the id x"):
        freeze([_corpus(tmp_path / "a", "x"), _corpus(tmp_path / "b", "x")], tmp_path / "s")
