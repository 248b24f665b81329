"""Parsing a DAG file costs nothing and reaches nothing."""

import socket
from typing import Any

import pytest

from pipeline.settings import ROOT
from pipeline.wake import OUTBOX

pytestmark = pytest.mark.slow


def test_every_dag_parses_and_carries_the_name_of_its_file(dags: dict[str, Any]) -> None:
    files = {path.stem for path in (ROOT / "dags").glob("*.py")}
    assert (
        set(dags)
        == files
        == {"alerts", "crawl", "deliver", "digest", "purge", "retention", "retrain", "risk"}
    )


def test_every_dag_explains_itself_and_catches_nothing_up(dags: dict[str, Any]) -> None:
    for name, dag in dags.items():
        assert dag.doc_md.strip().startswith(f"# {name}")
        assert not dag.catchup
        assert dag.max_active_runs <= 2


def test_alerts_run_every_minute_and_when_something_was_scored(dags: dict[str, Any]) -> None:
    from pipeline.wake import SCORES

    schedule = dags["alerts"].schedule
    assert schedule.timetable.expression == "* * * * *"
    assert [asset.name for asset in schedule.asset_condition.objects] == [SCORES]


def test_retention_runs_every_night(dags: dict[str, Any]) -> None:
    assert dags["retention"].schedule == "30 2 * * *"


def test_airflow_is_purged_every_night(dags: dict[str, Any]) -> None:
    assert dags["purge"].schedule == "50 2 * * *"


def test_digests_are_looked_for_every_quarter_of_an_hour_of_a_named_zone(
    dags: dict[str, Any],
) -> None:
    schedule = dags["digest"].schedule
    assert schedule.expression == "*/15 * * * *"
    assert schedule.timezone == "Asia/Hong_Kong"


def test_what_may_have_something_to_tell_wakes_the_dag_that_sends(dags: dict[str, Any]) -> None:
    schedule = dags["deliver"].schedule
    assert schedule.timetable.expression == "* * * * *"
    assert [asset.name for asset in schedule.asset_condition.objects] == [OUTBOX]
    for dag, task in (("alerts", "evaluate"), ("digest", "plan")):
        assert [asset.name for asset in dags[dag].task_dict[task].outlets] == [OUTBOX]


def test_a_switch_outside_is_told_in_a_task_that_nothing_waits_for(
    dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    monkeypatch.setenv("TOCSIN_PING_URL", "https://hc-ping.example/1f3a")
    told = DagBag(str(ROOT / "dags" / "alerts.py")).dags["alerts"].task_dict
    assert set(told) == {"evaluate", "tell_outside"}
    assert told["tell_outside"].upstream_task_ids == {"evaluate"}
    assert told["tell_outside"].downstream_task_ids == set()
    assert told["tell_outside"].outlets == []


def test_no_channel_can_hold_up_an_alert(dags: dict[str, Any]) -> None:
    assert set(dags["alerts"].task_dict) == {"evaluate"}


def test_parsing_opens_no_connection(dags: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.dag_processing.dagbag import DagBag

    def refuse(*_: object) -> None:
        raise AssertionError("a DAG file opened a connection while it was parsed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    assert set(DagBag(str(ROOT / "dags")).dags) == set(dags)
