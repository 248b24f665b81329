import contextlib
import multiprocessing
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.lock import lock
from crawlers.pages import Listed, Validators
from crawlers.state import MAX_FAILURES, MAX_REFUSALS, WATCHED, State

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
FILE = "digest of the source's file"
REVISIT = timedelta(minutes=10)
LIST = "https://news.example.com/rss.xml"
TAG = Validators('"v1"', "Fri, 20 Nov 2026 09:00:00 GMT")


def entry(name: str = "a", stamp: str = "1") -> Listed:
    url = f"https://news.example.com/{name}"
    return Listed(url, url, stamp, NOW)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "crawl" / "harbour.sqlite")
    yield state
    state.close()


def keys(state: State, after: timedelta = timedelta()) -> list[str]:
    return [due.listed.key[-1] for due in state.due(NOW + after, REVISIT, 100)]


def acknowledge(state: State, listed: Listed) -> None:
    state.acknowledged(listed.key, ("0" * 32, "digest"), TAG, NOW)


def test_a_listed_page_is_due_until_it_is_acknowledged(state: State) -> None:
    state.remember(LIST, TAG, [entry("a"), entry("b")], NOW)
    assert sorted(keys(state)) == ["a", "b"]
    acknowledge(state, entry("a"))
    assert keys(state) == ["b"]


def test_what_was_due_survives_a_restart(tmp_path: Path) -> None:
    first = State(tmp_path / "s.sqlite")
    first.remember(LIST, TAG, [entry()], NOW)
    second = State(tmp_path / "s.sqlite")
    assert keys(second) == ["a"]
    assert second.due(NOW, REVISIT, 100)[0].listed == entry()


def test_a_page_whose_entry_changed_is_due_again_with_its_validators(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    acknowledge(state, entry())
    assert state.remember(LIST, TAG, [entry()], NOW) == 0
    assert keys(state) == []
    assert state.remember(LIST, TAG, [entry(stamp="2")], NOW) == 1
    (due,) = state.due(NOW, REVISIT, 100)
    assert (due.validators, due.revisit) == (TAG, False)


def test_an_acknowledged_page_is_revisited_once_a_window_while_it_is_news(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    acknowledge(state, entry())
    assert keys(state, REVISIT - timedelta(seconds=1)) == []
    assert keys(state, REVISIT) == ["a"]
    assert state.due(NOW + REVISIT, REVISIT, 100)[0].revisit
    state.still_good(entry().key, NOW + REVISIT)
    assert keys(state, REVISIT) == []
    assert keys(state, WATCHED + REVISIT) == []


def asked_at(state: State, tried: Callable[[datetime], object], times: int) -> list[timedelta]:
    """When the page is due, minute by minute, so many times; each time it is `tried`."""
    found: list[timedelta] = []
    after = timedelta()
    while len(found) < times:
        if state.due(NOW + after, REVISIT, 100):
            found.append(after)
            tried(NOW + after)
        after += timedelta(minutes=1)
    return found


def test_a_page_that_does_not_come_is_asked_for_over_two_days_with_growing_waits(
    state: State,
) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    counts: list[int] = []
    found = asked_at(state, lambda now: counts.append(state.failed(entry().key, now)), MAX_FAILURES)
    minutes = [at.total_seconds() / 60 for at in found]
    assert minutes[:6] == [0, 4, 20, 84, 340, 700]
    assert found[-1] > timedelta(days=2)
    assert counts == list(range(1, MAX_FAILURES + 1))
    assert state.waiting() == 1


def test_a_page_that_came_after_an_outage_begins_anew(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    for _ in range(3):
        state.failed(entry().key, NOW)
    acknowledge(state, entry())
    state.remember(LIST, TAG, [entry(stamp="2")], NOW)
    assert keys(state) == ["a"]
    assert state.failed(entry().key, NOW) == 1


def test_a_refused_page_is_asked_for_again_within_hours_and_then_no_more(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    found = asked_at(
        state, lambda now: state.refused(entry().key, "the page is empty", now), MAX_REFUSALS
    )
    assert found[-1] == timedelta(minutes=340)
    assert keys(state, timedelta(days=80)) == []
    assert state.was_refused(entry().key, "the page is empty")
    assert not state.was_refused(entry().key, "HTTP 404")


def test_content_is_known_by_article_whichever_address_it_came_from(state: State) -> None:
    state.remember(LIST, TAG, [entry("a"), entry("b")], NOW)
    acknowledge(state, entry("a"))
    assert state.is_acknowledged("0" * 32, "digest")
    assert not state.is_acknowledged("0" * 32, "another")
    assert not state.is_acknowledged("1" * 32, "digest")


def test_lists_are_believed_unchanged_only_after_a_visit_that_read_them_all(state: State) -> None:
    assert not state.begin_visit(NOW, FILE)
    assert not state.begin_visit(NOW, FILE)
    state.listed_to_the_end()
    assert state.begin_visit(NOW, FILE)
    assert not state.begin_visit(NOW, FILE)


def test_when_the_source_s_file_changed_its_lists_are_read_by_it_and_refusals_reconsidered(
    state: State,
) -> None:
    state.begin_visit(NOW, FILE)
    state.remember(LIST, TAG, [entry("a"), entry("b")], NOW)
    for _ in range(MAX_REFUSALS):
        state.refused(entry("a").key, "not on the source's sites", NOW)
    acknowledge(state, entry("b"))
    state.listed_to_the_end()
    assert state.begin_visit(NOW, FILE)
    assert keys(state) == []
    state.listed_to_the_end()
    assert not state.begin_visit(NOW, "another")
    assert keys(state) == ["a"]


def test_a_visit_that_never_ended_is_unfinished(tmp_path: Path) -> None:
    first = State(tmp_path / "s.sqlite")
    assert not first.is_unfinished()
    first.begin_visit(NOW, FILE)
    # As after a kill.
    second = State(tmp_path / "s.sqlite")
    assert second.is_unfinished()
    second.end_visit()
    assert not second.is_unfinished()


def test_what_waits_is_counted(state: State) -> None:
    state.remember(LIST, TAG, [entry("a"), entry("b"), entry("c")], NOW)
    acknowledge(state, entry("a"))
    state.refused(entry("b").key, "the page is empty", NOW)
    assert state.waiting() == 1


def test_a_list_s_validators_are_kept_with_its_entries(state: State) -> None:
    assert state.list_validators(LIST) == Validators()
    state.remember(LIST, TAG, [entry()], NOW)
    assert state.list_validators(LIST) == TAG


def test_pages_long_gone_from_the_lists_are_forgotten(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    state.begin_visit(NOW + timedelta(days=91), FILE)
    assert keys(state) == []


def test_of_pages_without_end_those_listed_last_are_kept(tmp_path: Path) -> None:
    small = State(tmp_path / "s.sqlite", max_pages=2)
    for minute, name in enumerate("abcd"):
        small.remember(LIST, TAG, [entry(name)], NOW + timedelta(minutes=minute))
    small.begin_visit(NOW + timedelta(hours=1), FILE)
    assert sorted(keys(small, timedelta(hours=1))) == ["c", "d"]


def test_the_last_visit_is_remembered(state: State) -> None:
    assert state.last_visit() is None
    state.begin_visit(NOW, FILE)
    assert state.last_visit() == NOW


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    assert State(path).last_visit() is None
    assert path.with_suffix(".broken").exists()


def test_a_file_of_another_layout_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as older:
        older.execute("CREATE TABLE visit (id INTEGER PRIMARY KEY, began_at REAL)")
    state = State(path)
    assert state.last_visit() is None
    state.begin_visit(NOW, FILE)
    state.close()
    assert State(path).last_visit() == NOW


def _hold(path: Path, held: "multiprocessing.queues.Queue[bool]") -> None:
    with lock(path) as mine:
        held.put(mine)


def test_a_source_that_another_process_visits_is_not_had(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held = context.Queue()
    with lock(tmp_path / "s.lock") as mine:
        assert mine
        child = context.Process(target=_hold, args=(tmp_path / "s.lock", held))
        child.start()
        assert held.get(timeout=10) is False
        child.join()
    with lock(tmp_path / "s.lock") as again:
        assert again
