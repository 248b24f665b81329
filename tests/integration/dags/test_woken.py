"""From the consumer's word to the alert, through a running Airflow."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops import airflow
from ops.pgwheel import programs
from ops.postgres import Postgres
from ops.probe import free_port
from ops.supervise import Supervisor
from pipeline.settings import ROOT, Settings, load
from pipeline.wake import Waker
from sql.migrate import migrate
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A machine of its own, whose Airflow knows the alerts DAG alone, and that without its minute.

    What it runs then was woken.
    """
    with tempfile.TemporaryDirectory(prefix="tocsin-woken-", ignore_cleanup_errors=True) as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o755)
        (home / "dags").mkdir()
        text = (ROOT / "dags" / "alerts.py").read_text("utf-8")
        assert text.count('"* * * * *"') == 1
        (home / "dags" / "alerts.py").write_text(text.replace("* * * * *", "0 0 1 1 *"), "utf-8")
        told = load({"TOCSIN_HOME": folder, "TOCSIN_ISSUERS": folder})
        conf = replace(
            told,
            postgres_port=free_port(),
            airflow_port=port,
            airflow_url=f"http://127.0.0.1:{port}",
        )
        with Supervisor(home) as supervisor:
            supervisor.add(Postgres(home, conf.postgres_port, programs(load().cache)))
            for part in airflow.parts(conf, ("postgres",), home / "dags"):
                supervisor.add(part)
            supervisor.start()
            migrate(conf.database_url)
            yield conf


def test_a_word_from_the_consumer_raises_the_alert(settings: Settings) -> None:
    world = World(settings.database_url)
    stories = world.burst(12, datetime.now(UTC) - timedelta(seconds=1))
    with Waker(settings) as waker:
        world.add(stories[3:])
        waker.wake()
        until(lambda: world.events() == ["opened"])
        world.add(stories[:3])
        waker.wake()
        until(lambda: len(world.events()) == 2)
    world.close()


def until(done: Callable[[], bool]) -> None:
    """Wait, two minutes at most: the first time the DAG may not be parsed yet."""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < 120, "nothing came of it"
        time.sleep(0.1)
    print(f"after {time.monotonic() - started:.1f} s")
