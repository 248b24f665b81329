"""When a source is visited: the DAG looks every two minutes, the source's file decides."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.run import is_due
from crawlers.state import State
from pipeline.messages import Publisher
from pipeline.sources import Source

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = ""
TICK = timedelta(minutes=2)


def source(schedule: int) -> Source:
    return Source(
        source_id="s",
        publisher=Publisher("p", "P", "P", "wire"),
        kind="feed",
        urls=("https://news.example.com/rss.xml",),
        language="en",
        schedule=schedule,
        expected_per_day=1,
        digest=FILE,
    )


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "s.sqlite")
    yield state
    state.close()


@pytest.mark.parametrize(
    ("schedule", "minutes"), [(1, 2), (2, 2), (5, 6), (10, 10), (15, 14), (60, 60), (1_440, 1_440)]
)
def test_a_source_is_visited_at_the_tick_nearest_to_its_schedule(
    state: State, schedule: int, minutes: int
) -> None:
    state.begin_visit(NOON, FILE)
    state.end_visit()
    now = NOON + TICK
    while not is_due(source(schedule), state, now):
        now += TICK
    assert now - NOON == timedelta(minutes=minutes)


def test_a_tick_that_comes_a_moment_early_counts(state: State) -> None:
    state.begin_visit(NOON, FILE)
    state.end_visit()
    assert is_due(source(2), state, NOON + TICK - timedelta(seconds=5))


def test_a_source_never_visited_is_due(state: State) -> None:
    assert is_due(source(10_080), state, NOON)


def test_a_source_whose_visit_was_broken_off_is_due_at_the_next_tick(state: State) -> None:
    state.begin_visit(NOON, FILE)
    assert is_due(source(10_080), state, NOON + TICK)


def test_a_visit_in_the_future_is_not_waited_for(state: State) -> None:
    state.begin_visit(NOON + timedelta(days=400), FILE)
    state.end_visit()
    assert is_due(source(5), state, NOON)


def test_a_clock_that_was_set_back_a_little_makes_nothing_due(state: State) -> None:
    state.begin_visit(NOON, FILE)
    state.end_visit()
    assert not is_due(source(5), state, NOON - timedelta(seconds=2))
