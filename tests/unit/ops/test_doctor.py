"""What is missing is said in one sentence that says what to do."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import doctor
from ops.probe import free_port
from ops.state import take_lock
from pipeline.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Ports that are free, whatever runs on this machine."""
    made = load({"TOCSIN_HOME": str(tmp_path)})
    kafka, postgres, airflow, console, metrics = (free_port() for _ in range(5))
    return replace(
        made,
        kafka_port=kafka,
        postgres_port=postgres,
        airflow_port=airflow,
        console_port=console,
        metrics_port=metrics,
    )


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def _java(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_taken_port_names_its_holder_and_the_setting(settings: Settings, taken: int) -> None:
    findings = doctor.ports(replace(settings, kafka_port=taken))
    (wrong,) = [finding for finding in findings if not finding.ok]
    assert f"Port {taken} (kafka) is taken" in wrong.sentence
    assert "TOCSIN_KAFKA_PORT" in wrong.sentence


def test_a_port_held_by_tocsin_itself_is_no_fault(settings: Settings, taken: int) -> None:
    lock = take_lock(settings.home)
    assert all(finding.ok for finding in doctor.ports(replace(settings, kafka_port=taken)))
    lock.close()


def test_ports_of_what_runs_outside_are_not_looked_at(settings: Settings, taken: int) -> None:
    outside = replace(settings, outside_kafka="kafka:9092", kafka_port=taken)
    assert all(finding.ok for finding in doctor.ports(outside))


def test_a_folder_without_a_model_is_named_with_its_setting(settings: Settings) -> None:
    assert doctor.model(settings).ok
    finding = doctor.model(replace(settings, model_dir=settings.home))
    assert not finding.ok
    assert "TOCSIN_MODEL_DIR" in finding.sentence


def test_a_full_disk_says_how_much_is_needed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 5, 2 * 10**9))
    finding = doctor.disk(settings)
    assert not finding.ok
    assert finding.sentence.startswith("Only 2.0 GB are free")


def test_no_java_says_what_to_install(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = doctor.java(settings)
    assert not finding.ok
    assert "openjdk-17-jre-headless" in finding.sentence


@pytest.mark.parametrize(
    ("version", "ok"), [("1.8.0_412", False), ("11.0.2", False), ("17.0.15", True), ("21", True)]
)
def test_java_must_be_17_or_newer(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, ok: bool
) -> None:
    _java(tmp_path, version, monkeypatch)
    assert doctor.java(settings).ok is ok


def test_without_maven_missing_jars_are_a_fault(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install maven" in doctor.kafka_jars(settings).sentence


def test_an_outside_kafka_that_does_not_answer_names_its_setting(settings: Settings) -> None:
    finding = doctor.outside_kafka(replace(settings, outside_kafka="127.0.0.1:1"))
    assert not finding.ok
    assert "TOCSIN_KAFKA_BOOTSTRAP" in finding.sentence


def test_an_outside_database_that_does_not_answer_names_its_setting(settings: Settings) -> None:
    url = "postgresql://user:secret%40word@127.0.0.1:1/tocsin"
    finding = doctor.outside_database(replace(settings, outside_database=url))
    assert not finding.ok
    assert "TOCSIN_DATABASE_URL" in finding.sentence
    assert "secret" not in finding.sentence


def test_a_home_that_cannot_be_made_names_its_setting(settings: Settings) -> None:
    finding = doctor.home(replace(settings, home=Path("/proc/tocsin")))
    assert not finding.ok
    assert "TOCSIN_HOME" in finding.sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_a_home_the_database_user_cannot_enter_is_a_fault(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    finding = doctor.home(load({"TOCSIN_HOME": str(closed / "home")}))
    assert not finding.ok
    assert "The database user cannot enter" in finding.sentence


@pytest.mark.parametrize(("days", "told"), [(400, False), (59, True), (-3, True)])
def test_holidays_that_run_out_are_told_before_they_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, days: int, told: bool
) -> None:
    last = datetime.now(UTC).date() + timedelta(days=days)
    monkeypatch.setattr(
        "pipeline.alerts.exchanges.known_until",
        lambda: {"XSHG": last, "XNYS": last + timedelta(days=365)},
    )
    found = doctor.holidays(settings)
    assert found.ok
    assert f"XSHG are known until {last.isoformat()}" in found.sentence
    assert ("update the package exchange-calendars" in found.sentence) == told
