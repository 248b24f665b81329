"""The supervisor, on parts that only pretend and a clock that is set."""

import signal
from pathlib import Path

import pytest

from ops.part import PartError, Step
from ops.state import State, holder, load, refuse_if_held
from ops.supervise import CRASHES_AT_START, Supervisor, backoff


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Pretender:
    """A part whose life and readiness the test sets."""

    start_timeout = 10.0
    pids: tuple[int, ...] = ()

    def __init__(self, name: str, diary: list[str], needs: tuple[str, ...] = ()) -> None:
        self.name = name
        self.needs = needs
        self.alive = False
        self.answers = True
        self.dies_at_once = False
        self.refuses = ""
        self._diary = diary

    def start(self) -> None:
        if self.refuses:
            raise PartError(self.refuses)
        self._diary.append(f"start {self.name}")
        self.alive = not self.dies_at_once

    def ready(self) -> bool:
        return self.alive and self.answers

    def stop(self) -> None:
        self._diary.append(f"stop {self.name}")
        self.alive = False

    def last_words(self) -> str:
        return f"{self.name} says no"


@pytest.fixture
def diary() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def supervisor(tmp_path: Path, clock: Clock) -> Supervisor:
    return Supervisor(tmp_path, clock)


def _states(supervisor: Supervisor) -> list[State]:
    return [row.state for row in supervisor.table()]


def test_a_part_starts_only_when_what_it_needs_is_up(
    supervisor: Supervisor, diary: list[str]
) -> None:
    first = Pretender("first", diary)
    first.answers = False
    supervisor.add(first)
    supervisor.add(Pretender("second", diary, ("first",)))
    supervisor.check()
    supervisor.check()
    assert diary == ["start first"]
    first.answers = True
    supervisor.start()
    assert diary == ["start first", "start second"]


def test_parts_stop_in_the_reverse_of_their_order(supervisor: Supervisor, diary: list[str]) -> None:
    for name in ("a", "b", "c"):
        supervisor.add(Pretender(name, diary))
    supervisor.start()
    supervisor.stop()
    assert diary[3:] == ["stop c", "stop b", "stop a"]
    assert _states(supervisor) == [State.STOPPED] * 3


def test_a_crashed_part_is_restarted_after_a_back_off_that_doubles(
    supervisor: Supervisor, diary: list[str], clock: Clock
) -> None:
    part = Pretender("p", diary)
    supervisor.add(part)
    supervisor.start()
    waits = []
    for _ in range(3):
        part.alive = False
        supervisor.check()
        crashed_at = clock.now
        while not part.alive:
            clock.now += 0.25
            supervisor.check()
        waits.append(clock.now - crashed_at)
        supervisor.check()
    assert waits == [0.5, 1.0, 2.0]
    assert supervisor.table()[0].restarts == 3


def test_the_back_off_is_thirty_seconds_at_most_however_long_it_crashes() -> None:
    assert [backoff(crashes) for crashes in (1, 2, 6, 7, 10_000)] == [0.5, 1.0, 16.0, 30.0, 30.0]


def test_a_part_that_was_up_is_never_given_up(
    supervisor: Supervisor, diary: list[str], clock: Clock
) -> None:
    part = Pretender("p", diary)
    supervisor.add(part)
    supervisor.start()
    part.alive = False
    part.dies_at_once = True
    for _ in range(40):
        supervisor.check()
        clock.now += 31
    assert diary.count("start p") > 10
    part.dies_at_once = False
    supervisor.start(lambda: setattr(clock, "now", clock.now + 31))
    assert _states(supervisor) == [State.UP]


def test_a_part_that_never_comes_up_is_given_up_with_its_last_words(
    supervisor: Supervisor, diary: list[str], clock: Clock
) -> None:
    part = Pretender("p", diary)
    part.dies_at_once = True
    supervisor.add(part)
    with pytest.raises(PartError, match="p did not come up: p says no"):
        supervisor.start(lambda: setattr(clock, "now", clock.now + 1))
    assert diary.count("start p") == CRASHES_AT_START


def test_a_part_that_says_it_never_will_is_not_tried_again(
    supervisor: Supervisor, diary: list[str]
) -> None:
    part = Pretender("p", diary)
    part.refuses = "Install it."
    supervisor.add(part)
    with pytest.raises(PartError, match=r"Install it\."):
        supervisor.start()
    assert diary == []


def test_a_part_that_does_not_answer_in_time_is_stopped_and_tried_again(
    supervisor: Supervisor, diary: list[str], clock: Clock
) -> None:
    part = Pretender("p", diary)
    part.answers = False
    supervisor.add(part)
    supervisor.check()
    clock.now += 11
    supervisor.check()
    assert diary == ["start p", "stop p"]
    assert supervisor.table()[0].note == "no answer within 10 s"
    clock.now += 1
    supervisor.check()
    assert diary[-1] == "start p"


def test_a_step_that_raises_is_done_again_until_it_succeeds(
    supervisor: Supervisor, clock: Clock
) -> None:
    outcomes = [OSError("not yet"), OSError("not yet"), None]

    def work() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    supervisor.add(Step("work", work))
    supervisor.start(lambda: setattr(clock, "now", clock.now + 1))
    assert outcomes == []


def test_a_need_must_have_been_added_before(supervisor: Supervisor, diary: list[str]) -> None:
    with pytest.raises(ValueError, match="before what it needs"):
        supervisor.add(Pretender("second", diary, ("first",)))


def test_one_home_has_one_supervisor(tmp_path: Path) -> None:
    with Supervisor(tmp_path):
        with pytest.raises(PartError, match="already runs"):
            refuse_if_held(tmp_path)
        with pytest.raises(PartError, match="already runs"), Supervisor(tmp_path):
            pass
    assert holder(tmp_path) is None


def test_other_processes_read_how_the_parts_are(tmp_path: Path, diary: list[str]) -> None:
    with Supervisor(tmp_path) as supervisor:
        part = Pretender("p", diary)
        supervisor.add(part)
        supervisor.start()
        assert [(row.name, row.state) for row in load(tmp_path)] == [("p", State.UP)]
        part.alive = False
        supervisor.check()
        assert [(row.state, row.note) for row in load(tmp_path)] == [(State.CRASHED, "p says no")]
    assert [row.state for row in load(tmp_path)] == [State.STOPPED]


def test_a_new_supervisor_does_not_pass_on_the_table_of_an_earlier_one(
    tmp_path: Path, diary: list[str]
) -> None:
    with Supervisor(tmp_path) as first:
        first.add(Pretender("p", diary))
        first.start()
    with Supervisor(tmp_path):
        assert load(tmp_path) == []


def test_a_term_stops_every_part(tmp_path: Path, diary: list[str]) -> None:
    def run() -> None:
        with Supervisor(tmp_path) as supervisor:
            supervisor.add(Pretender("p", diary))
            supervisor.start()
            signal.raise_signal(signal.SIGTERM)
            diary.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert diary == ["start p", "stop p"]
