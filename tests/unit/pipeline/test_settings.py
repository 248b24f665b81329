"""A wrong setting stops the program with a sentence that names it."""

import os
from pathlib import Path

import pytest

from pipeline.settings import ROOT, SettingsError, child_environment, load, secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_KAFKA_PORT", "kafka"),
        ("TOCSIN_KAFKA_PORT", "0"),
        ("TOCSIN_POSTGRES_PORT", "65536"),
        ("TOCSIN_AIRFLOW_PORT", "-1"),
        ("TOCSIN_CONSOLE_PORT", "80.5"),
        ("TOCSIN_METRICS_PORT", "70000"),
        ("TOCSIN_DATABASE_URL", "mysql://db/tocsin"),
        ("TOCSIN_DEVICE", "gpu"),
        ("TOCSIN_SOURCES", "/nonexistent/sources"),
        ("TOCSIN_ISSUERS", "/nonexistent/issuers.csv"),
        ("TOCSIN_CRAWL_ALLOW_ORIGINS", "127.0.0.1:8101"),
        ("TOCSIN_CRAWL_ALLOW_ORIGINS", "http://127.0.0.1:8101/path"),
        ("TOCSIN_CRAWL_ALLOW_ORIGINS", "file:///etc"),
        ("TOCSIN_AIRFLOW_USER", "operator"),
        ("TOCSIN_PING_URL", "hc-ping.example/1f3a"),
        ("TOCSIN_ZONE", "Hongkong Time"),
        ("TOCSIN_ZONE", "../../etc/passwd"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})


def test_everything_has_a_default_on_one_machine() -> None:
    conf = load({})
    assert conf.kafka_bootstrap == "127.0.0.1:19092"
    assert conf.console_url == "http://127.0.0.1:18000"
    assert conf.source_dirs == (ROOT / "crawlers" / "sources",)
    assert conf.crawl_allow_origins == frozenset()
    assert not conf.airflow_is_outside


def test_an_empty_value_is_the_default() -> None:
    assert load(dict.fromkeys(load({}).environment(), "") | {"TOCSIN_AIRFLOW_URL": "off"}) == load(
        {"TOCSIN_AIRFLOW_URL": "off"}
    )


def test_servers_elsewhere_are_used_instead() -> None:
    url = "postgresql://tocsin:secret@db.example:5432/news"
    conf = load(
        {
            "TOCSIN_KAFKA_BOOTSTRAP": "kafka.example:9092",
            "TOCSIN_DATABASE_URL": url,
            "TOCSIN_AIRFLOW_URL": "https://airflow.example/",
        }
    )
    assert conf.kafka_bootstrap == "kafka.example:9092"
    assert conf.database_url == url
    assert conf.airflow_url == "https://airflow.example"
    assert conf.airflow_is_outside


def test_waking_can_be_switched_off() -> None:
    assert load({"TOCSIN_AIRFLOW_URL": "off"}).airflow_url is None


def test_the_password_of_the_embedded_server_comes_from_its_home(tmp_path: Path) -> None:
    (tmp_path / "postgres.secret").write_text("a/b?\n", encoding="ascii")
    conf = load({"TOCSIN_HOME": str(tmp_path)})
    assert conf.database_url == "postgresql://postgres:a%2Fb%3F@127.0.0.1:15432/tocsin"
    assert conf.airflow_database_url.endswith(":15432/airflow")


def test_a_child_process_loads_the_same_settings(tmp_path: Path) -> None:
    conf = load(
        {
            "TOCSIN_HOME": str(tmp_path),
            "TOCSIN_KAFKA_PORT": "29092",
            "TOCSIN_DEVICE": "stub",
            "TOCSIN_SOURCES": os.pathsep.join([str(tmp_path), str(ROOT)]),
            "TOCSIN_CRAWL_ALLOW_ORIGINS": "http://127.0.0.1:8102 http://127.0.0.1:8101",
            "TOCSIN_AIRFLOW_USER": "operator",
            "TOCSIN_AIRFLOW_PASSWORD": "secret",
            "TOCSIN_ZONE": "Asia/Shanghai",
            "TOCSIN_PUBLIC_URL": "https://tocsin.example/",
            "TOCSIN_NOTIFY_ALLOW_ORIGINS": "http://127.0.0.1:8103",
            "TOCSIN_SMTP_URL": "smtps://me:p%40ss@mail.example",
            "TOCSIN_SMTP_FROM": "tocsin@mail.example",
        }
    )
    assert load(conf.environment()) == conf


def test_a_child_process_may_keep_its_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in child_environment({"A": "1"})
    assert child_environment({"A": "1"})["A"] == "1"


def test_mail_leaves_by_the_server_that_is_named() -> None:
    conf = load(
        {
            "TOCSIN_SMTP_URL": "smtps://me:p%40ss@mail.example",
            "TOCSIN_SMTP_FROM": "tocsin@mail.example",
        }
    )
    assert conf.mail is not None
    assert (conf.mail.host, conf.mail.port, conf.mail.tls) == ("mail.example", 465, "implicit")
    assert (conf.mail.user, conf.mail.password) == ("me", "p@ss")
    assert load({}).mail is None


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("mail.example:25", "tocsin@mail.example"),
        ("https://mail.example", "tocsin@mail.example"),
        ("smtp://mail.example", ""),
        ("smtp://mail.example", "Tocsin <tocsin@mail.example>"),
    ],
)
def test_a_mail_server_that_cannot_be_used_is_told(url: str, sender: str) -> None:
    with pytest.raises(SettingsError, match="TOCSIN_SMTP_URL"):
        load({"TOCSIN_SMTP_URL": url, "TOCSIN_SMTP_FROM": sender})


def test_links_in_messages_lead_to_the_embedded_console_or_where_it_is_reached() -> None:
    assert load({}).link_base == "http://127.0.0.1:18000"
    assert load({"TOCSIN_PUBLIC_URL": "https://t.example/"}).link_base == "https://t.example"
    with pytest.raises(SettingsError, match="TOCSIN_PUBLIC_URL"):
        load({"TOCSIN_PUBLIC_URL": "t.example"})


def test_a_secret_is_a_variable_or_a_file_and_nothing_else_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from a file\n", encoding="utf-8")
    env = {
        "TOCSIN_SECRET_DESK": " here ",
        "TOCSIN_SECRET_TEAM_FILE": str(path),
        "TOCSIN_SECRET_GONE_FILE": str(tmp_path / "none"),
        "HOME": "/root",
    }
    assert secret("DESK", env) == "here"
    assert secret("TEAM", env) == "from a file"
    assert secret("OTHER", env) is None
    assert secret("HOME", env) is None
    with pytest.raises(SettingsError, match="TOCSIN_SECRET_GONE_FILE"):
        secret("GONE", env)
