"""The parts of Tocsin on one machine, and what they need of each other."""

import sys
from pathlib import Path

from ops import airflow, jars
from ops.beat import Beating
from ops.command import Command
from ops.kafka import Kafka
from ops.part import Part, Step
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import http_status
from ops.process import Launch
from pipeline.settings import ROOT, Settings


def parts(settings: Settings, dags: Path = ROOT / "dags") -> list[Part]:
    """Every part, in the order to start them; what runs outside is not among them.

    Fetches Kafka's jars where they are missing. Raises PartError with what to do.
    """
    found: list[Part] = servers(settings)
    names = {part.name for part in found}

    def local(*needs: str) -> tuple[str, ...]:
        return tuple(name for name in needs if name in names)

    found.append(Step("schema", lambda: _migrate(settings), local("postgres")))
    found.append(Step("topics", lambda: _ensure_topics(settings), local("kafka")))
    work = ("schema", "topics")
    metrics = ("--metrics", f"127.0.0.1:{settings.metrics_port}")
    found.append(Beating(_tocsin(settings, "consumer", "consume", *metrics), settings, work))
    console = _tocsin(settings, "console", "console")
    found.append(Command(console, settings.home, work, lambda: _console_answers(settings)))
    if not settings.airflow_is_outside:
        found += airflow.parts(settings, ("schema",), dags)
    return found


def servers(settings: Settings) -> list[Part]:
    """The embedded Kafka and PostgreSQL, as far as none of them runs outside."""
    found: list[Part] = []
    if settings.outside_kafka is None:
        found.append(Kafka(settings.home, settings.kafka_port, jars.fetch(settings.cache)))
    if settings.outside_database is None:
        binaries = programs(settings.cache)
        found.append(Postgres(settings.home, settings.postgres_port, binaries))
    return found


def tocsin_program() -> str:
    """The `tocsin` command of the environment this process runs in."""
    return str(Path(sys.executable).with_name("tocsin"))


def _tocsin(settings: Settings, name: str, *words: str) -> Launch:
    return Launch(name, (tocsin_program(), *words), settings.environment(), patience=20)


def _console_answers(settings: Settings) -> bool:
    return http_status(settings.console_port, "/") is not None


def _migrate(settings: Settings) -> None:
    from sql.migrate import migrate

    migrate(settings.database_url)


def _ensure_topics(settings: Settings) -> None:
    from pipeline.topics import ensure_topics

    ensure_topics(settings.kafka_bootstrap)
