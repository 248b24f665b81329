"""Trainings are noted in a local store, and never stopped by it."""

import socket
from pathlib import Path
from typing import Any

import pytest

from models.figures import Figures, HeadFigures, Interval
from models.fit import Progress
from models.tracking import tracked
from pipeline.settings import without_telemetry

pytestmark = pytest.mark.slow

DECIDED = {"seed": 1, "epochs": 5}
FIGURE = Interval(0.8, 0.7, 0.9)
HELD_OUT = Figures(
    "held-out",
    {"en": 9},
    {"topic": {"en": HeadFigures(FIGURE, FIGURE, Interval(0.02, 0.0, 0.1), {})}},
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracking") / "mlflow"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    without_telemetry()

    def refused(*_: object) -> None:
        pytest.fail("a training asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)


def _progress(epoch: float, dev: float | None = None) -> Progress:
    return Progress("held-out run", epoch, 5, 0.5, 100.0, 60.0, dev)


def _runs(store: Path) -> list[Any]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{store / 'runs.sqlite'}")
    experiment = client.get_experiment_by_name("tocsin")
    return list(client.search_runs([experiment.experiment_id]))


def test_a_run_is_noted_with_what_decided_it_and_what_came_of_it(store: Path) -> None:
    with tracked(store, DECIDED) as run:
        run.progress(_progress(0.5))
        run.progress(_progress(1, 0.7))
        run.measured("tocsin-seed-12345678", HELD_OUT)
    (found,) = _runs(store)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"seed": "1", "epochs": "5"}
    assert found.data.metrics["held-out_run/dev_macro_f1"] == 0.7
    assert found.data.metrics["held_out/topic/en/ece"] == 0.02
    assert found.data.tags["model_id"] == "tocsin-seed-12345678"


def test_a_run_that_was_interrupted_goes_on(store: Path) -> None:
    decided = DECIDED | {"seed": 2}
    with pytest.raises(KeyboardInterrupt), tracked(store, decided):
        raise KeyboardInterrupt
    assert [run.info.status for run in _runs(store)].count("KILLED") == 1
    with tracked(store, decided):
        pass
    found = [run for run in _runs(store) if run.data.params["seed"] == "2"]
    assert [run.info.status for run in found] == ["FINISHED"]


def test_nothing_is_reported_to_anybody(store: Path) -> None:
    with tracked(store, DECIDED | {"seed": 3}):
        from mlflow.telemetry import get_telemetry_client

        assert get_telemetry_client() is None


def test_a_store_that_cannot_be_written_stops_no_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    with tracked(tmp_path / "file" / "mlflow", DECIDED) as run:
        run.progress(_progress(1))
    assert "is not tracked" in caplog.text


def test_without_a_store_nothing_is_noted() -> None:
    with tracked(None, DECIDED) as run:
        run.progress(_progress(1))
        run.measured("tocsin-seed-12345678", HELD_OUT)
