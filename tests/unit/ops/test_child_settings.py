"""What a child process is told."""

from pathlib import Path

import pytest

from ops.secret import secret
from pipeline.settings import child_environment, load


def test_a_child_loads_the_settings_of_its_parent(tmp_path: Path) -> None:
    told = {
        "TOCSIN_HOME": str(tmp_path),
        "TOCSIN_KAFKA_PORT": "29092",
        "TOCSIN_KAFKA_BOOTSTRAP": "kafka:9092",
        "TOCSIN_DATABASE_URL": "postgresql://user:p%40ss@db:5432/news",
        "TOCSIN_DEVICE": "stub",
        "TOCSIN_SOURCES": f"{tmp_path}:/tmp",
        "TOCSIN_ISSUERS": str(tmp_path),
        "TOCSIN_CRAWL_ALLOW_ORIGINS": "http://127.0.0.1:8101 http://127.0.0.1:8102",
        "TOCSIN_AIRFLOW_URL": "off",
        "TOCSIN_AIRFLOW_USER": "me",
        "TOCSIN_AIRFLOW_PASSWORD": "secret",
        "TOCSIN_ZONE": "Europe/Berlin",
    }
    settings = load(told)
    assert load(settings.environment()) == settings


def test_airflow_keeps_its_tables_on_the_same_server(tmp_path: Path) -> None:
    url = "postgresql://user:p%40ss@db:5432/news"
    settings = load({"TOCSIN_HOME": str(tmp_path), "TOCSIN_DATABASE_URL": url})
    assert settings.airflow_database_url == "postgresql://user:p%40ss@db:5432/airflow"


def test_children_may_write_compiled_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in child_environment({"A": "b"})
    assert child_environment({"A": "b"})["A"] == "b"


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "home" / "some.secret"
    first = secret(path)
    assert len(first) >= 64
    assert secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
