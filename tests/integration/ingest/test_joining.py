"""Reports of one event in other words are one story, whoever joins them and whatever happens."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from pipeline.alerts.run import run
from pipeline.joining import Joiner
from pipeline.messages import RawArticle, Rights
from pipeline.store.connection import Connection, connect
from pipeline.store.retention import prune
from tests.integration.consuming import wait_until
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, id_of, one, reprint
from tests.integration.ingest.telling import ANOTHER, LIKE_IT, OUTAGE, report, writer

pytestmark = pytest.mark.slow

STANDING = "SELECT count(*) FROM story WHERE merged_into IS NULL"
UNCOMPARED = "SELECT count(*) FROM uncompared"
ISSUER = (
    "SELECT story_id, copies, publishers FROM story_signal JOIN series USING (series_id)"
    " WHERE entity_id = 'larkfield-pharma'"
)
FIRST, SECOND = report(OUTAGE[0]), report(OUTAGE[1], 10)


@pytest.fixture
def link(fresh_database: str) -> Iterator[Connection]:
    with closing(connect(fresh_database, "ingest")) as found:
        yield found


def store(url: str, *articles: RawArticle) -> None:
    """Each in a batch of its own."""
    with writer(url) as consumer:
        for article in articles:
            consumer.commit(article)


def test_one_event_told_by_five_publishers_is_one_story(
    fresh_database: str, link: Connection
) -> None:
    told = [report(title, 10 * n) for n, title in enumerate(OUTAGE)]
    joiner = Joiner()
    with writer(fresh_database) as consumer:
        # The joiner keeps what it read between turns, and some come in one batch.
        consumer.commit(told[0])
        assert joiner.join(link) == 0
        consumer.commit(*told[1:3])
        assert joiner.join(link) == 2
        consumer.commit(*told[3:])
        assert joiner.join(link) == 2
    assert ask(fresh_database, ISSUER) == [(id_of(told[0]), 4, 5)]
    assert one(fresh_database, STANDING) == 1
    assert set(ask(fresh_database, "SELECT story_id FROM article")) == {(id_of(told[0]),)}
    span = ask(fresh_database, "SELECT first_at, last_at FROM story WHERE merged_into IS NULL")
    assert span == [(told[0].published_at, told[-1].published_at)]
    assert (one(fresh_database, UNCOMPARED), joiner.join(link)) == (0, 0)


def test_a_long_queue_is_worked_off_in_several_transactions(
    fresh_database: str, link: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.joining._MOST", 2)
    store(fresh_database, *(report(title, 10 * n) for n, title in enumerate(OUTAGE)))
    turns: list[str] = []
    assert Joiner(turns.append).join(link) == 4
    assert len(turns) == 3
    assert (one(fresh_database, UNCOMPARED), one(fresh_database, STANDING)) == (0, 1)


@pytest.mark.parametrize("why", LIKE_IT)
def test_what_only_its_vector_likens_stays_a_story_of_its_own(
    why: str, fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, report(LIKE_IT[why], 10))
    assert Joiner().join(link) == 0
    assert one(fresh_database, STANDING) == 2


def test_another_event_of_the_company_stays_a_story_of_its_own(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, report(ANOTHER, 10))
    assert Joiner().join(link) == 0


@pytest.mark.parametrize(("hours", "joined"), [(-71, 1), (-73, 0)])
def test_reports_three_days_apart_are_two_stories(
    hours: int, joined: int, fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, report(OUTAGE[1], 60 * hours))
    assert Joiner().join(link) == joined


def test_one_that_comes_late_but_happened_first_is_what_the_story_is_called(
    fresh_database: str, link: Connection
) -> None:
    late, joiner = report(OUTAGE[2], -30), Joiner()
    store(fresh_database, FIRST, SECOND)
    joiner.join(link)
    store(fresh_database, late)
    assert joiner.join(link) == 1
    assert ask(fresh_database, ISSUER) == [(id_of(late), 2, 3)]


def test_without_a_model_that_tells_events_nothing_is_compared(
    fresh_database: str, link: Connection
) -> None:
    with Writer(fresh_database) as consumer:
        consumer.commit(FIRST, SECOND)
    assert one(fresh_database, UNCOMPARED) == 0
    assert Joiner().join(link) == 0


def test_a_join_has_the_buckets_of_both_stories_counted_anew(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, SECOND)
    seen = one(fresh_database, "SELECT max(id) FROM bucket_change")
    Joiner().join(link)
    starts = ask(fresh_database, "SELECT DISTINCT start FROM bucket_change WHERE id > %s", seen)
    assert {start for (start,) in starts} == {FIRST.published_at, SECOND.published_at}


def test_an_issuer_that_only_a_later_report_names_still_has_its_story(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, report(OUTAGE[4], 10))
    Joiner().join(link)
    held = ask(
        fresh_database,
        "SELECT entity_id, story_id, copies FROM story_signal JOIN series USING (series_id)"
        " WHERE kind = 'issuer' ORDER BY 1",
    )
    first = id_of(FIRST)
    assert held == [("larkfield-pharma", first, 1), ("solano-air", first, 1)]


class Held:
    """A joiner in a thread that waits at its checkpoint until it is let go."""

    def __init__(self, url: str) -> None:
        self.at_it, self._go = threading.Event(), threading.Event()
        self.joined: int | None = None
        self._thread = threading.Thread(target=self._work, args=(url,))

    def __enter__(self) -> "Held":
        self._thread.start()
        assert self.at_it.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._go.set()
        self._thread.join(20)

    def _work(self, url: str) -> None:
        with closing(connect(url, "ingest")) as link:
            self.joined = Joiner(self._wait).join(link)

    def _wait(self, _: str) -> None:
        self.at_it.set()
        assert self._go.wait(10)


def test_of_two_joiners_one_joins_and_the_other_does_not_wait(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, SECOND)
    with Held(fresh_database) as first:
        assert Joiner().join(link) is None
        # What comes meanwhile waits for the next turn.
        store(fresh_database, report(OUTAGE[2], 20))
    assert first.joined == 1
    assert Joiner().join(link) == 1
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 2, 3)]


def test_a_copy_stored_between_the_comparison_and_the_join_goes_with_its_story(
    fresh_database: str,
) -> None:
    store(fresh_database, FIRST, SECOND)
    with Held(fresh_database) as joiner:
        store(fresh_database, reprint(SECOND, "post"))
    assert joiner.joined == 1
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 2, 3)]


def test_a_copy_that_is_being_stored_goes_with_its_story(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, SECOND)
    joined: list[int | None] = []
    joining = threading.Thread(target=lambda: joined.append(Joiner().join(link)))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

    def at(point: str) -> None:
        if point == "before_commit":
            joining.start()
            wait_until(lambda: one(fresh_database, waits) == 1, "it does not wait")

    with writer(fresh_database) as consumer:
        consumer.commit(reprint(SECOND, "post"), checkpoint=at)
    joining.join(20)
    assert joined == [1]
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 2, 3)]


def test_a_story_that_a_batch_merges_meanwhile_is_not_joined_twice(fresh_database: str) -> None:
    third = report(OUTAGE[2], 20)
    store(fresh_database, FIRST, SECOND, third)
    with Held(fresh_database) as joiner, closing(connect(fresh_database, "ingest")) as other:
        merge(other, id_of(third), id_of(SECOND))
    assert joiner.joined == 1
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 2, 3)]
    assert one(fresh_database, STANDING) == 1


def merge(link: Connection, loser: UUID, winner: UUID) -> None:
    """What a batch does with an article that resembles both."""
    from pipeline.store import stories
    from pipeline.store.connection import transaction

    with transaction(link) as cursor:
        stories.standing(cursor, [loser, winner])
        stories.merge(cursor, {loser: winner})


def test_a_story_revised_while_it_is_joined_leaves_no_signals_behind(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, SECOND)
    joined: list[int | None] = []
    joining = threading.Thread(target=lambda: joined.append(Joiner().join(link)))

    def at(point: str) -> None:
        if point == "copied":
            joining.start()

    with writer(fresh_database) as consumer:
        consumer.commit(report(OUTAGE[1], 10, body="Corrected."), checkpoint=at)
    joining.join(20)
    assert joined == [1]
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 1, 2)]


def test_a_joiner_killed_before_its_commit_leaves_all_to_the_next(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, FIRST, SECOND)
    doomed = multiprocessing.get_context("spawn").Process(target=die, args=(fresh_database,))
    doomed.start()
    doomed.join(60)
    assert doomed.exitcode == -signal.SIGKILL
    wait_until(lambda: one(fresh_database, ALONE) == 1, "its session does not end")
    assert (one(fresh_database, STANDING), one(fresh_database, UNCOMPARED)) == (2, 2)
    assert Joiner().join(link) == 1
    assert ask(fresh_database, ISSUER) == [(id_of(FIRST), 1, 2)]


ALONE = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'tocsin-ingest'"
)


def die(url: str) -> None:
    """Join, and be killed once everything is compared."""
    Joiner(lambda _: os.kill(os.getpid(), signal.SIGKILL)).join(connect(url, "ingest"))


def test_reports_are_known_by_words_that_may_not_be_kept(
    fresh_database: str, link: Connection
) -> None:
    rights: dict[str, Any] = {"rights": Rights("full", days=1)}
    store(fresh_database, report(OUTAGE[0], **rights), report(OUTAGE[1], 10, **rights))
    with closing(connect(fresh_database, "retention")) as pruner:
        prune(pruner, world.NOW + timedelta(days=40))
    assert one(fresh_database, "SELECT count(*) FROM revision WHERE body IS NOT NULL") == 0
    assert Joiner().join(link) == 1


def test_an_alert_counts_an_event_once_and_its_evidence_says_so(
    fresh_database: str, link: Connection
) -> None:
    store(fresh_database, *(report(title, n) for n, title in enumerate(OUTAGE)))
    with closing(connect(fresh_database, "alerts")) as alerting:
        run(alerting, world.NOW, now=world.NOW)
        opened = "SELECT observed FROM alert WHERE subject = 'larkfield-pharma'"
        assert ask(fresh_database, opened) == [(5,)]
        assert Joiner().join(link) == 4
        run(alerting, world.NOW, now=world.NOW + timedelta(seconds=5))
    fate = "SELECT state, resolved_reason FROM alert WHERE subject = 'larkfield-pharma'"
    assert ask(fresh_database, fate) == [("resolved", "corrected")]
    shown = ask(
        fresh_database,
        "SELECT story_id, withdrawn, shown.copies, shown.publishers FROM alert_evidence shown"
        " JOIN alert USING (alert_id) WHERE subject = 'larkfield-pharma' ORDER BY occurred_at",
    )
    assert shown[0] == (id_of(FIRST), False, 4, 5)
    assert [withdrawn for _, withdrawn, _, _ in shown[1:]] == [True] * 4
