"""Every training noted in a local MLflow store: what it learned from, how, and what came of it.

The store is one SQLite file. Nothing is sent anywhere, nothing that serves reads it, and where it
cannot be written the training goes on without it.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from models.figures import Figures

if TYPE_CHECKING:
    from models.fit import Progress

_EXPERIMENT: Final = "tocsin"
# The tag by which a training that was killed finds the run it began.
_DECIDED: Final = "tocsin.decided"
_log = logging.getLogger(__name__)


class Tracked:
    """One run in the store, or nothing where there is none."""

    def __init__(self, client: Any = None, run_id: str = "") -> None:
        self._client = client
        self._run_id = run_id

    def progress(self, progress: "Progress") -> None:
        """Note the end of a pass."""
        if progress.epoch != int(progress.epoch):
            return
        stage = progress.stage.replace(" ", "_")
        found = {f"{stage}/loss": progress.loss, f"{stage}/rows_a_second": progress.rate}
        if progress.dev is not None:
            found[f"{stage}/dev_macro_f1"] = progress.dev
        self._note(found, int(progress.epoch))

    def measured(self, model_id: str, held_out: Figures) -> None:
        """Note the model that came of it and its figures."""
        found = {
            f"held_out/{head}/{language}/{name}": figure.value
            for head, languages in held_out.heads.items()
            for language, one in languages.items()
            for name, figure in (
                ("accuracy", one.accuracy),
                ("macro_f1", one.macro_f1),
                ("ece", one.ece),
            )
        }
        self._note(found, 0)
        self._try(lambda client: client.set_tag(self._run_id, "model_id", model_id))

    def end(self, status: str) -> None:
        """Note how it ended: FINISHED, FAILED or KILLED."""
        self._try(lambda client: client.set_terminated(self._run_id, status=status))

    def _note(self, figures: Mapping[str, float], step: int) -> None:
        def note(client: Any) -> None:
            for name, value in figures.items():
                client.log_metric(self._run_id, name, value, step=step)

        self._try(note)

    def _try(self, note: Callable[[Any], object]) -> None:
        if self._client is None:
            return
        try:
            note(self._client)
        except Exception as error:
            # A training of an hour is worth more than the note of it.
            _log.warning("This training is not tracked any more: %s", error)
            self._client = None


@contextmanager
def tracked(folder: Path | None, decided: Mapping[str, object]) -> Iterator[Tracked]:
    """Note what happens within in the store in `folder`; nowhere where that is None.

    `decided` is everything that decides the run. A run that was begun with the same and did not
    finish goes on.
    """
    run = Tracked() if folder is None else _begun(folder, decided)
    try:
        yield run
    except BaseException as error:
        run.end("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    run.end("FINISHED")


def _begun(folder: Path, decided: Mapping[str, object]) -> Tracked:
    try:
        client = _client(folder)
        experiment = client.get_experiment_by_name(_EXPERIMENT)
        number = (
            experiment.experiment_id
            if experiment
            else client.create_experiment(
                _EXPERIMENT, artifact_location=(folder / "files").as_uri()
            )
        )
        known = hashlib.sha256(msgspec.json.encode(decided, order="sorted")).hexdigest()
        begun = client.search_runs(
            [number], f"tags.`{_DECIDED}` = '{known}' AND attributes.status != 'FINISHED'"
        )
        if begun:
            client.update_run(begun[0].info.run_id, status="RUNNING")
            return Tracked(client, begun[0].info.run_id)
        run_id = client.create_run(number, tags={_DECIDED: known}).info.run_id
        for name, value in decided.items():
            client.log_param(run_id, name, value)
    except Exception as error:
        _log.warning("This training is not tracked: %s", error)
        return Tracked()
    return Tracked(client, run_id)


def _client(folder: Path) -> Any:
    """A client of the store, made on first use. Importing MLflow takes seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY
    from mlflow.telemetry import set_telemetry_client
    from mlflow.tracking import MlflowClient

    MLFLOW_DISABLE_TELEMETRY.set(True)  # type: ignore[no-untyped-call]
    set_telemetry_client()  # type: ignore[no-untyped-call]
    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=f"sqlite:///{folder / 'runs.sqlite'}")
