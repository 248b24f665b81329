"""The retrain DAG, run for real on an encoder of a few thousand weights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from models import config
from pipeline import retraining
from tests.integration.alerts.world import NOON, World

pytestmark = pytest.mark.slow


@pytest.fixture
def world(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", database_url)
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOCSIN_DEVICE", "cpu")
    found = World(database_url)
    yield found
    found.close()


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[config.Config]:
    """A base and a champion of no size and no skill, and lines and a recipe to match."""
    import torch

    from tests.fixtures.tiny_model import write_base, write_model

    # A model this small only loses by two threads.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    (tmp_path / "corpus").mkdir()
    for language in ("en", "zh"):
        lines = (retraining.SEED_CORPUS / f"{language}.jsonl").read_bytes().splitlines(True)
        (tmp_path / "corpus" / f"{language}.jsonl").write_bytes(b"".join(lines[::5]))
    monkeypatch.setattr(retraining, "SEED_CORPUS", tmp_path / "corpus")
    write_model(tmp_path / "champion", write_base(tmp_path / "base"))
    monkeypatch.setenv("TOCSIN_MODEL_DIR", str(tmp_path / "champion"))
    shipped = config.load_config()
    small = replace(
        shipped,
        base=config.BaseChoice(str(tmp_path / "base"), "main"),
        recipe=replace(shipped.recipe, epochs=1, window=32, train_tokens=32),
    )
    monkeypatch.setattr(config, "load_config", lambda: small)
    yield small
    torch.set_num_threads(threads)


@pytest.fixture
def retrain(airflow: dict[str, Any]) -> Any:
    """The DAG, failing at once instead of a minute later."""
    for task in airflow["retrain"].tasks:
        task.retries = 0
    return airflow["retrain"]


def fate(world: World) -> tuple[list[str], list[dict[str, Any]]]:
    """What happened to the newest model, and who is champion."""
    events = world.ask(
        "SELECT what FROM model_event WHERE model_id ="
        " (SELECT model_id FROM model_event ORDER BY seq DESC LIMIT 1) ORDER BY seq"
    )
    return [row["what"] for row in events], world.ask("SELECT * FROM model_alias")


def label_one(world: World, sentiment: str) -> UUID:
    """A story, and an analyst's word on it."""
    (story,) = world.burst(1, NOON, topic="macro")
    # The database is the module's: an earlier test may have put the story there.
    if not world.ask("SELECT 1 FROM story WHERE story_id = %s", story.story_id):
        world.add([story])
    world.ask(
        "INSERT INTO label (article_id, field, value, annotator, text_sha)"
        " VALUES (%s, 'sentiment', %s, 'analyst', '') RETURNING 1",
        story.story_id,
        sentiment,
    )
    return UUID(int=story.number)


def test_nothing_is_trained_where_nothing_was_labelled(
    retrain: Any, world: World, tiny: config.Config
) -> None:
    world.ask("DELETE FROM label RETURNING 1")
    run = retrain.test()
    assert run.state == "success"
    assert {ti.task_id: ti.state for ti in run.get_task_instances()}["train"] == "skipped"
    assert world.ask("SELECT * FROM label_snapshot") == []


def test_a_candidate_below_the_floors_is_registered_and_not_promoted(
    retrain: Any, world: World, tiny: config.Config, tmp_path: Path
) -> None:
    label_one(world, "positive")
    assert retrain.test().state == "success"
    assert fate(world) == (["registered", "gate_failed"], [])
    (event,) = world.ask("SELECT detail FROM model_event WHERE what = 'gate_failed'")
    assert any("macro-F1" in reason for reason in event["detail"]["reasons"])
    assert not (tmp_path / "home" / "models" / "champion").exists()


def test_a_candidate_that_passes_becomes_champion_trained_on_what_analysts_said(
    retrain: Any,
    world: World,
    tiny: config.Config,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from models.data import read_corpus

    floor = replace(
        tiny.gate,
        min_topic_macro_f1=0.0,
        min_sentiment_macro_f1=0.0,
        max_sentiment_ece=1.0,
        max_regression=1.0,
    )
    monkeypatch.setattr(config, "load_config", lambda: replace(tiny, gate=floor))
    judged_id = label_one(world, "neutral")
    assert retrain.test().state == "success"
    events, ((champion,)) = fate(world)
    assert events == ["registered", "gate_passed", "promoted"]
    assert (tmp_path / "home" / "models" / "champion" / "manifest.json").is_file()
    (snapshot,) = world.ask("SELECT * FROM label_snapshot ORDER BY at DESC LIMIT 1")
    lines = {line.id: line for line in read_corpus(Path(snapshot["path"]))}
    judged = lines[f"judged-{judged_id.hex}-1"]
    assert (judged.topic, judged.sentiment) == ("macro", "neutral")
    assert len(lines) == snapshot["labels"]
    assert champion["alias"] == "champion"
