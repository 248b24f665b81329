"""What must hold before anything starts, each as a named check that says what to do."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from ops import jars
from ops.part import PartError
from ops.pgwheel import programs, refusal
from ops.probe import listener_at, lists_a_broker
from ops.state import holder
from pipeline.settings import Settings

DISK_NEEDED_BYTES: Final = 3 * 10**9
JAVA_NEEDED: Final = 17
# Days before the last known holiday from which on the operator is told.
HOLIDAYS_AHEAD: Final = 60


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    name: str
    ok: bool
    # One sentence: what is there, or what is missing and what to do.
    sentence: str


def examine(settings: Settings) -> list[Finding]:
    """Run every check that applies to these settings. Starts nothing."""
    checks: list[Callable[[Settings], Finding]] = [home, disk, model, holidays]
    checks += [java, kafka_jars] if settings.outside_kafka is None else [outside_kafka]
    checks += [embedded_postgres] if settings.outside_database is None else [outside_database]
    return [check(settings) for check in checks] + ports(settings)


def home(settings: Settings) -> Finding:
    """Data, caches and logs can be written, and the database user can reach its own."""
    folder = settings.home
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _bad(
            "home", f"{folder} cannot be written ({reason}): set TOCSIN_HOME to a folder of yours."
        )
    closed = [path for path in (folder, *folder.parents) if not path.stat().st_mode & 0o001]
    if os.geteuid() == 0 and settings.outside_database is None and closed:
        return _bad(
            "home",
            f"The database user cannot enter {closed[-1]}: let every user enter it "
            "(chmod o+x), or set TOCSIN_HOME to such a folder.",
        )
    return Finding("home", True, f"{folder} can be written.")


def disk(settings: Settings) -> Finding:
    """There is room for data and logs."""
    free = shutil.disk_usage(_existing(settings.home)).free
    sentence = f"{free / 10**9:.1f} GB are free at {settings.home}"
    if free < DISK_NEEDED_BYTES:
        needed = f"{DISK_NEEDED_BYTES / 10**9:.0f} GB"
        return _bad("disk", f"Only {sentence}: free {needed}, or set TOCSIN_HOME to a larger disk.")
    return Finding("disk", True, f"{sentence}.")


def model(settings: Settings) -> Finding:
    """There is a model to score with."""
    folder = settings.model_dir
    if settings.device != "stub" and not (folder / "manifest.json").is_file():
        return _bad("model", f"{folder} holds no model: correct TOCSIN_MODEL_DIR, or leave it out.")
    return Finding("model", True, f"The model lies in {folder}.")


def holidays(_settings: Settings) -> Finding:
    """The exchanges' holidays are known for a while; without, every weekday is a trading day."""
    # Loads the calendars and what they are made of.
    from pipeline.alerts.exchanges import known_until

    name, last = min(known_until().items(), key=lambda pair: pair[1])
    days = (last - datetime.now(UTC).date()).days
    sentence = f"Holidays of {name} are known until {last.isoformat()}"
    if days < HOLIDAYS_AHEAD:
        sentence += f", {max(days, 0)} days ahead: update the package exchange-calendars"
    return Finding("holidays", True, f"{sentence}.")


def java(_settings: Settings) -> Finding:
    """A Java that runs Kafka."""
    program = shutil.which("java")
    told = ""
    if program is not None:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        told = done.stdout + done.stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_NEEDED:
        found = f"Java {version[1]} is too old" if version else "Java is missing"
        return _bad(
            "java",
            f"{found}: install Java {JAVA_NEEDED} or newer (Debian: apt-get install "
            "openjdk-17-jre-headless), or set TOCSIN_KAFKA_BOOTSTRAP to a Kafka that already runs.",
        )
    return Finding("java", True, f"Java {version[1]} is there.")


def kafka_jars(settings: Settings) -> Finding:
    """Kafka's jars, or Maven to fetch them."""
    if jars.present(settings.cache):
        return Finding("kafka", True, "Kafka's jars are there.")
    if shutil.which("mvn") is None:
        return _bad(
            "kafka",
            "Kafka's jars are not there and Maven is missing: install it "
            "(Debian: apt-get install maven), then run make setup.",
        )
    return Finding("kafka", True, "Kafka's jars will be fetched through Maven.")


def outside_kafka(settings: Settings) -> Finding:
    """The Kafka that runs already answers."""
    if lists_a_broker(settings.kafka_bootstrap):
        return Finding("kafka", True, f"Kafka answers at {settings.kafka_bootstrap}.")
    return _bad(
        "kafka",
        f"No Kafka answers at {settings.kafka_bootstrap}: start it, or correct "
        "TOCSIN_KAFKA_BOOTSTRAP; without that setting an own Kafka is started.",
    )


def embedded_postgres(settings: Settings) -> Finding:
    """PostgreSQL's programs run as the user they are meant for."""
    try:
        programs(settings.cache)
    except PartError as error:
        return _bad("postgres", str(error))
    return Finding("postgres", True, "PostgreSQL's programs run.")


def outside_database(settings: Settings) -> Finding:
    """The PostgreSQL that runs already lets us in, for our tables and for Airflow's."""
    urls = [settings.database_url]
    urls += [] if settings.airflow_is_outside else [settings.airflow_database_url]
    for url in urls:
        if reason := refusal(url):
            return _bad(
                "postgres",
                f"The database is out of reach ({reason}): start it, create the database, or "
                "correct TOCSIN_DATABASE_URL; without that setting an own PostgreSQL is started.",
            )
    return Finding("postgres", True, "PostgreSQL answers.")


def ports(settings: Settings) -> list[Finding]:
    """Nobody else holds the ports of the embedded parts."""
    wanted = {"CONSOLE": settings.console_port, "METRICS": settings.metrics_port}
    wanted |= {} if settings.outside_kafka else {"KAFKA": settings.kafka_port}
    wanted |= {} if settings.outside_database else {"POSTGRES": settings.postgres_port}
    wanted |= {} if settings.airflow_is_outside else {"AIRFLOW": settings.airflow_port}
    own = holder(settings.home) is not None
    return [_port(name, port, own) for name, port in wanted.items()]


def _port(name: str, port: int, own: bool) -> Finding:
    label = f"port {port}"
    if not listener_at(port):
        return Finding(label, True, f"Port {port} ({name.lower()}) is free.")
    if own:
        return Finding(label, True, f"Port {port} ({name.lower()}) is held by Tocsin itself.")
    return _bad(
        label,
        f"Port {port} ({name.lower()}) is taken{_by_whom(port)}: stop that, or set "
        f"TOCSIN_{name}_PORT to a free port.",
    )


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            where = connection.laddr
            if connection.status == psutil.CONN_LISTEN and where and where.port == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""
    return ""


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _bad(name: str, sentence: str) -> Finding:
    return Finding(name, False, sentence)
