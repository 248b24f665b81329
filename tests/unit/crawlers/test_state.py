import contextlib
import multiprocessing
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.state import MAX_ATTEMPTS, WATCHED, Listed, State, Validators, lock

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
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
    return [due.listed.key[-1] for due in state.due(NOW + after, REVISIT)]


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
    assert second.due(NOW, REVISIT)[0].listed == entry()


def test_a_page_whose_entry_changed_is_due_again_with_its_validators(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    acknowledge(state, entry())
    assert state.remember(LIST, TAG, [entry()], NOW) == 0
    assert keys(state) == []
    assert state.remember(LIST, TAG, [entry(stamp="2")], NOW) == 1
    (due,) = state.due(NOW, REVISIT)
    assert (due.validators, due.revisit) == (TAG, False)


def test_an_acknowledged_page_is_revisited_once_a_window_while_it_is_news(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    acknowledge(state, entry())
    assert keys(state, REVISIT - timedelta(seconds=1)) == []
    assert keys(state, REVISIT) == ["a"]
    assert state.due(NOW + REVISIT, REVISIT)[0].revisit
    state.still_good(entry().key, NOW + REVISIT)
    assert keys(state, REVISIT) == []
    assert keys(state, WATCHED + REVISIT) == []


def test_a_refused_page_is_tried_again_at_two_more_visits(state: State) -> None:
    state.remember(LIST, TAG, [entry()], NOW)
    for _ in range(MAX_ATTEMPTS):
        assert keys(state) == ["a"]
        assert state.due(NOW, REVISIT)[0].validators == Validators()
        state.refused(entry().key, "the page is empty", NOW)
    assert keys(state) == []
    assert state.was_refused(entry().key, "the page is empty")
    assert not state.was_refused(entry().key, "HTTP 404")


def test_content_is_known_by_article_whichever_address_it_came_from(state: State) -> None:
    state.remember(LIST, TAG, [entry("a"), entry("b")], NOW)
    acknowledge(state, entry("a"))
    assert state.is_acknowledged("0" * 32, "digest")
    assert not state.is_acknowledged("0" * 32, "another")
    assert not state.is_acknowledged("1" * 32, "digest")


def test_lists_are_believed_unchanged_only_after_a_visit_that_read_them_all(state: State) -> None:
    assert not state.begin_visit(NOW)
    assert not state.begin_visit(NOW)
    state.listed_to_the_end()
    assert state.begin_visit(NOW)
    assert not state.begin_visit(NOW)


def test_a_visit_that_never_ended_is_unfinished(tmp_path: Path) -> None:
    first = State(tmp_path / "s.sqlite")
    assert not first.is_unfinished()
    first.begin_visit(NOW)
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
    state.begin_visit(NOW + timedelta(days=91))
    assert keys(state) == []


def test_the_last_visit_is_remembered(state: State) -> None:
    assert state.last_visit() is None
    state.begin_visit(NOW)
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
    state.begin_visit(NOW)
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
