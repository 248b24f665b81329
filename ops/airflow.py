"""Apache Airflow on this machine: its tables, API server, DAG processor and scheduler."""

import sys
from pathlib import Path
from typing import Final

from ops.command import Command, OneShot
from ops.part import Part
from ops.probe import http_status
from ops.process import Launch
from ops.secret import secret
from pipeline.settings import ROOT, Settings

DATABASE: Final = "airflow-db"
API: Final = "airflow-api"
PROCESSOR: Final = "airflow-dags"
SCHEDULER: Final = "airflow-scheduler"


def parts(settings: Settings, needs: tuple[str, ...], dags: Path = ROOT / "dags") -> list[Part]:
    """Airflow as parts, in their order: a task that starts before the API is up fails.

    `needs` are the parts that must be up before it: its database, and what its tasks use.
    """
    env = environment(settings, dags)
    home = settings.home

    def launch(name: str, *words: str, patience: float = 10.0) -> Launch:
        return Launch(name, (sys.executable, "-m", "airflow", *words), env, patience=patience)

    def answers() -> bool:
        return api_answers(settings)

    return [
        OneShot(launch(DATABASE, "db", "migrate"), home, needs, start_timeout=180),
        Command(launch(API, "api-server"), home, (DATABASE,), answers, start_timeout=120),
        Command(launch(PROCESSOR, "dag-processor"), home, (API,)),
        # serve-logs would listen on every interface of the machine.
        Command(launch(SCHEDULER, "scheduler", "--skip-serve-logs", patience=20), home, (API,)),
    ]


def environment(settings: Settings, dags: Path) -> dict[str, str]:
    """Variables for every Airflow process of this home; one secret signs all their tokens."""
    address = f"http://127.0.0.1:{settings.airflow_port}"
    database = settings.airflow_database_url.split("://", 1)[1]
    airflow = {
        "CORE__DAGS_FOLDER": str(dags),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        # The API asks nobody who they are: it must never listen beyond 127.0.0.1.
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(settings.airflow_port),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": secret(settings.home / "airflow.secret"),
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        "DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        # For the DAG `purge`: a task is not told the address above.
        "TOCSIN__METADATA_URL": f"postgresql+psycopg2://{database}",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return settings.environment() | {
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        **{f"AIRFLOW__{name}": value for name, value in airflow.items()},
    }


def api_answers(settings: Settings) -> bool:
    """Whether the API server answers on its port."""
    return http_status(settings.airflow_port, "/api/v2/version") == 200
