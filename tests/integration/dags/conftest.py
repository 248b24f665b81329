"""An Airflow of the tests' own: its tables in a new file, its DAGs those of this checkout."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import ROOT


@pytest.fixture(scope="package")
def environment() -> Iterator[pytest.MonkeyPatch]:
    """Variables that last as long as the tests of this folder."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="package")
def airflow_home(environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow reads its settings when it is imported: nothing may import it before this."""
    home = tmp_path_factory.mktemp("airflow")
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    for name, value in settings.items():
        environment.setenv(name, value)
    return home


@pytest.fixture(scope="package")
def dags(airflow_home: Path) -> dict[str, Any]:
    """Every DAG of the checkout by its id."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture(scope="package")
def airflow(airflow_home: Path, dags: dict[str, Any]) -> dict[str, Any]:
    """The DAGs, on an Airflow that can run them."""
    from airflow.utils.db import initdb

    initdb()
    return dags
