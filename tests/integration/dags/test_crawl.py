"""The crawl DAG, run for real: one process, and its exit status is the task's."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.settings import DOWNLOAD_TIMEOUT
from pipeline.messages import RUNS_TOPIC, CrawlRun, decode
from tests.integration.crawlers.test_kafka import read_all
from tests.integration.crawlers.world import open_world

pytestmark = pytest.mark.slow


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "home"))
    return tmp_path


def test_it_crawls_what_is_due_into_kafka(
    airflow: dict[str, Any], fresh_kafka: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    with open_world(home) as world:
        for path in (home / "sources").glob("*.yml"):
            if path.stem != "jinqiao-wang":
                path.unlink()
        monkeypatch.setenv("TOCSIN_SOURCES", str(home / "sources"))
        monkeypatch.setenv("TOCSIN_CRAWL_ALLOW_ORIGINS", " ".join(world.allow))
        monkeypatch.setenv("TOCSIN_KAFKA_BOOTSTRAP", fresh_kafka)
        assert airflow["crawl"].test().state == "success"
        assert airflow["crawl"].test().state == "success"
    runs: list[CrawlRun] = [
        decode(RUNS_TOPIC, value) for _, value in read_all(fresh_kafka, RUNS_TOPIC)
    ]
    own = [run for run in runs if run.source_id == "jinqiao-wang"]
    # Only the first run found the source due.
    assert own[-1].published > 50
    assert len([run for run in own if run.started_at >= own[-1].started_at]) == 1


def test_it_fails_where_kafka_is_away(
    airflow: dict[str, Any], monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    with open_world(home):
        monkeypatch.setenv("TOCSIN_SOURCES", str(home / "sources"))
        monkeypatch.setenv("TOCSIN_KAFKA_BOOTSTRAP", "127.0.0.1:9")
        assert airflow["crawl"].test().state == "failed"


def test_a_crawl_breaks_off_well_before_its_task_is_killed(dags: dict[str, Any]) -> None:
    task = dags["crawl"].get_task("crawl")
    minutes = int(task.bash_command.partition(" crawl --minutes ")[2])
    # A download, an acknowledgement that does not come, a run that is not taken, the farewell.
    in_flight = timedelta(seconds=DOWNLOAD_TIMEOUT + 60 + 60 + 30)
    assert timedelta(minutes=minutes) + in_flight < task.execution_timeout
