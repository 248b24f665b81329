"""What a consumer tells Prometheus, and how idle is told from stuck."""

import json
import urllib.error
import urllib.request
from contextlib import ExitStack

import pytest

from pipeline.cli.consume import _serve
from pipeline.cli.errors import CommandError
from pipeline.metrics import Metrics, Watch


class Model:
    model_id = "tocsin-test-00000000"

    def read(self) -> tuple[int, int]:
        return 900, 1_000


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(Model(), clock)


def _value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_batch_is_counted_by_outcome_and_its_dead_by_stage(metrics: Metrics) -> None:
    for stage in ("look_up", "score", "write"):
        with metrics.stage(stage):
            pass
    metrics.committed({"scored": 5, "copy": 2, "dead": 3}, ["decode", "decode", "score"])
    metrics.joined(3)
    metrics.lagging({"news.raw.v1": 12})
    metrics.lagging({"news.raw.v1": 7})
    assert _value(metrics, "tocsin_records_total", outcome="scored") == 5
    assert _value(metrics, "tocsin_records_total", outcome="copy") == 2
    assert _value(metrics, "tocsin_dead_letters_total", stage="decode") == 2
    assert _value(metrics, "tocsin_stories_joined_total") == 3
    assert _value(metrics, "tocsin_lag_records", topic="news.raw.v1") == 7
    assert _value(metrics, "tocsin_batch_records_sum") == 10
    assert _value(metrics, "tocsin_stage_seconds_count", stage="score") == 1


def test_the_model_and_what_it_read_are_told(metrics: Metrics) -> None:
    assert _value(metrics, "tocsin_model_info", model_id="tocsin-test-00000000") == 1
    assert _value(metrics, "tocsin_tokens_read_total") == 900
    assert _value(metrics, "tocsin_tokens_padding_total") == 100


def test_idle_is_told_from_stuck_and_from_waiting(metrics: Metrics, clock: Clock) -> None:
    assert metrics.health() == (False, {"state": "starting", "silent_s": 0.0})
    metrics.alive()
    clock.now += 100
    assert metrics.health() == (True, {"state": "idle", "silent_s": 100.0})
    with metrics.stage("fetch"):
        assert metrics.health()[1]["state"] == "idle"
    with metrics.stage("score"):
        assert metrics.health() == (True, {"state": "working", "silent_s": 100.0})
        clock.now += 100
        assert metrics.health() == (False, {"state": "stuck", "silent_s": 200.0})
    metrics.waiting("postgres", "the database is away")
    metrics.waiting("postgres", "the database is away")
    assert metrics.health()[1] == {
        "state": "waiting",
        "silent_s": 200.0,
        "cause": "the database is away",
    }
    assert _value(metrics, "tocsin_outages_total", part="postgres") == 1
    metrics.alive()
    assert metrics.health() == (True, {"state": "idle", "silent_s": 0.0})


def test_an_outage_is_one_however_often_the_work_is_tried_again(metrics: Metrics) -> None:
    metrics.alive()
    for _ in range(3):
        with metrics.stage("look_up"):
            pass
        metrics.waiting("postgres", "the database is away")
        assert metrics.health()[1]["state"] == "waiting"
    assert _value(metrics, "tocsin_outages_total", part="postgres") == 1
    metrics.alive()
    metrics.waiting("postgres", "the database is away again")
    assert _value(metrics, "tocsin_outages_total", part="postgres") == 2


def test_a_sign_is_given_whenever_the_process_shows_that_it_lives() -> None:
    signs: list[int] = []
    metrics = Metrics(Model(), sign=lambda: signs.append(1))
    metrics.alive()
    metrics.waiting("postgres", "away")
    metrics.alive()
    assert len(signs) == 2


def test_both_pages_are_served(metrics: Metrics) -> None:
    with metrics.served("127.0.0.1", 0) as port:
        at = f"http://127.0.0.1:{port}"
        with pytest.raises(urllib.error.HTTPError) as starting:
            urllib.request.urlopen(f"{at}/healthz", timeout=5)
        assert starting.value.code == 503
        metrics.alive()
        with urllib.request.urlopen(f"{at}/healthz", timeout=5) as answer:
            assert json.load(answer)["state"] == "idle"
        with urllib.request.urlopen(f"{at}/metrics", timeout=5) as answer:
            assert b"tocsin_tokens_read_total 900.0" in answer.read()
        with pytest.raises(urllib.error.HTTPError) as nothing:
            urllib.request.urlopen(f"{at}/", timeout=5)
        assert nothing.value.code == 404


@pytest.mark.parametrize("address", ["19108", "localhost:", "127.0.0.1:99999", ":19108"])
def test_an_address_that_is_none_is_refused(metrics: Metrics, address: str) -> None:
    with pytest.raises(CommandError, match="write it like"), ExitStack() as until:
        _serve(metrics, address, until)


def test_a_taken_port_is_one_sentence(metrics: Metrics) -> None:
    with (
        metrics.served("127.0.0.1", 0) as port,
        pytest.raises(CommandError, match=r"Nothing can be served at 127\.0\.0\.1:\d+: Addr"),
        ExitStack() as until,
    ):
        _serve(metrics, f"127.0.0.1:{port}", until)


def test_who_does_not_watch_hears_nothing() -> None:
    watch = Watch()
    with watch.stage("score"):
        watch.lagging({"a": 1})
    watch.committed({}, [])
    watch.waiting("postgres", "away")
    watch.alive()
