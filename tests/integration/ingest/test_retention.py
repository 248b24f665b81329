"""What has come to its end is erased, and nothing else; on a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg2
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import build
from pipeline.messages import RawArticle, Rights
from pipeline.store import labels, retention
from pipeline.store.connection import Connection, connect
from pipeline.store.retention import Ended, due, prune
from tests.integration.alerts.world import World
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, id_of, newswire, one, reprint

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
EXPIRED = world.NOW + 30 * DAY
FULL = Rights("full", days=30)
QUOTED = "Depositors queue to withdraw cash."


@pytest.fixture
def pruner(fresh_database: str) -> Iterator[Connection]:
    link = connect(fresh_database, "retention")
    yield link
    link.close()


def bank(rights: Rights, name: str = "bank") -> RawArticle:
    found = world.article(
        f"https://ledger.example/{name}",
        "Meridian Harbour Bank misses coupon",
        f"Meridian Harbour Bank missed a coupon.\n{QUOTED}",
    )
    return msgspec.structs.replace(found, rights=rights)


def do(url: str, statement: str, *values: Any) -> None:
    link = psycopg2.connect(url)
    with link, link.cursor() as cursor:
        cursor.execute(statement, values)
    link.close()


def test_a_body_is_erased_when_its_days_are_over_and_not_before(
    fresh_database: str, pruner: Connection
) -> None:
    others = [
        bank(Rights("licensed"), "licensed"),
        bank(Rights("snippet", characters=8), "snippet"),
        bank(Rights("full", days=31), "longer"),
    ]
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL), *others)
    before = ask(fresh_database, "SELECT article_id, title, content_sha FROM revision ORDER BY 1")
    assert prune(pruner, EXPIRED - timedelta(seconds=1)) == Ended()
    assert prune(pruner, EXPIRED).bodies == 1
    assert prune(pruner, EXPIRED) == Ended()
    ((erased,),) = ask(fresh_database, "SELECT article_id FROM revision WHERE body IS NULL")
    assert erased == id_of(bank(FULL))
    assert before == ask(
        fresh_database, "SELECT article_id, title, content_sha FROM revision ORDER BY 1"
    )
    assert one(fresh_database, "SELECT count(*) FROM score") == 4


def test_every_revision_has_its_own_end(fresh_database: str, pruner: Connection) -> None:
    corrected = msgspec.structs.replace(bank(FULL), title="Correction: the coupon was paid")
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL))
        writer.commit(corrected, seen_at=world.NOW + DAY)
    prune(pruner, EXPIRED)
    bodies = ask(fresh_database, "SELECT rev, body IS NULL FROM revision ORDER BY rev")
    assert bodies == [(1, True), (2, False)]


def test_the_text_fetched_again_is_still_known_as_unchanged(
    fresh_database: str, pruner: Connection
) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL))
        prune(pruner, EXPIRED)
        assert writer.commit(bank(FULL)).counts.unchanged == 1


@pytest.mark.parametrize(
    ("sentence", "kept"), [(QUOTED, False), ("Meridian Harbour Bank misses coupon", True)]
)
def test_a_sentence_goes_with_the_body_unless_the_title_says_it(
    sentence: str, kept: bool, fresh_database: str, pruner: Connection
) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL))
    do(fresh_database, "UPDATE score SET sentence = %s, sentence_probs = '{1,0,0}'", sentence)
    assert prune(pruner, EXPIRED).sentences == (not kept)
    ((stored, known, scored),) = ask(
        fresh_database, "SELECT sentence, sentence_probs IS NOT NULL, sentiment_probs FROM score"
    )
    assert (stored, known) == (sentence if kept else None, kept)
    assert scored


def test_what_an_alert_quotes_goes_too_and_the_alert_stays(
    fresh_database: str, pruner: Connection
) -> None:
    alerting = World(fresh_database)
    stories = alerting.burst(9, world.NOW)
    alerting.add(stories)
    alerting.run(world.NOW)
    first, *rest = [row["article_id"] for row in alerting.evidence()]
    alerting.ask(
        "UPDATE revision SET body = 'A sentence.', body_expires_at = %s WHERE article_id = %s"
        " RETURNING 1",
        EXPIRED,
        first,
    )
    alert = alerting.alert()
    # Beside its score and on the alert.
    assert prune(pruner, EXPIRED) == Ended(bodies=1, sentences=2)
    shown = {row["article_id"]: row for row in alerting.evidence()}
    assert (shown[first]["sentence"], shown[first]["sentence_p"]) == (None, None)
    assert {shown[other]["sentence"] for other in rest} == {"A sentence."}
    assert alerting.alert() == alert
    # A later run brings it back neither from the score nor from anywhere else.
    alerting.add(alerting.burst(2, world.NOW))
    alerting.run(world.NOW + timedelta(minutes=5))
    assert {row["article_id"]: row for row in alerting.evidence()}[first]["sentence"] is None
    alerting.close()


def test_a_message_nobody_sent_again_is_erased_and_what_was_lost_stays_on_record(
    fresh_database: str, pruner: Connection
) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(b"{", b"[")
        writer.commit(b"}", seen_at=world.NOW + DAY)
    assert prune(pruner, world.NOW + 7 * DAY) == Ended(messages=2)
    assert prune(pruner, world.NOW + 7 * DAY) == Ended()
    letters = ask(
        fresh_database,
        "SELECT state, raw IS NULL, cause <> '', headers FROM dead_letter ORDER BY kafka_offset",
    )
    assert letters == [("expired", True, True, [])] * 2 + [("open", False, True, [])]
    assert one(fresh_database, "SELECT sum(dead) FROM ingest_batch") == 3


def test_keys_are_kept_thirty_days_from_their_last_use(
    fresh_database: str, pruner: Connection
) -> None:
    today = datetime.now(UTC)
    first, second = newswire("bank", 2)
    with Writer(fresh_database) as writer:
        writer.commit(first, second)
        do(fresh_database, "UPDATE story_key SET used_on = used_on - 31")
        # News of long ago, such as a dump played now, uses its keys now.
        assert writer.commit(reprint(first, "post")).counts.copy == 1
        used = one(fresh_database, "SELECT count(*) FROM story_key WHERE used_on = current_date")
        total = one(fresh_database, "SELECT count(*) FROM story_key")
        assert prune(pruner, today) == Ended(keys=total - used)
        assert writer.commit(reprint(first, "weekly")).counts.copy == 1
        # Too late for the other: its copy tells a story of its own.
        assert writer.commit(reprint(second, "post")).counts.scored == 1
    assert prune(pruner, today) == Ended()


def test_keys_that_a_consumer_holds_are_left_alone(fresh_database: str, pruner: Connection) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(*newswire("bank", 1))
    do(fresh_database, "UPDATE story_key SET used_on = used_on - 31")
    holder = connect(fresh_database, "ingest")
    with holder, holder.cursor() as cursor:
        cursor.execute(
            "UPDATE story_key SET used_on = current_date"
            " WHERE band_hash = (SELECT min(band_hash) FROM story_key)"
        )
        erased = prune(pruner, datetime.now(UTC)).keys
    holder.close()
    assert erased == 31
    assert prune(pruner, datetime.now(UTC)) == Ended()


def test_a_run_that_is_cut_off_is_finished_by_the_next(
    fresh_database: str, pruner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(retention._BATCHES, "bodies", 2)  # type: ignore[attr-defined]
    with Writer(fresh_database) as writer:
        articles = newswire("bank", 5)
        writer.commit(*(msgspec.structs.replace(item, rights=FULL) for item in articles))
    reports: list[Ended] = []

    def dies(done: Ended) -> None:
        reports.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(pruner, EXPIRED, dies)
    assert [item.bodies for item in reports] == [2]
    assert due(pruner, EXPIRED).bodies == 3
    assert prune(pruner, EXPIRED, reports.append).bodies == 3
    assert [item.bodies for item in reports] == [2, 2, 3]


def test_what_is_due_is_what_is_erased(fresh_database: str, pruner: Connection) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL), b"{")
    do(fresh_database, "UPDATE score SET sentence = %s", QUOTED)
    do(fresh_database, "UPDATE story_key SET used_on = %s", world.NOW.date())
    announced = due(pruner, EXPIRED + DAY)
    assert announced == Ended(bodies=1, sentences=1, messages=1, keys=32)
    assert prune(pruner, EXPIRED + DAY) == announced
    assert due(pruner, EXPIRED + DAY) == Ended()


def test_the_command_says_what_it_erased(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", fresh_database)
    with Writer(fresh_database) as writer:
        writer.commit(bank(FULL), seen_at=datetime.now(UTC) - 31 * DAY)
    body = "SELECT body FROM revision"
    said = CliRunner().invoke(build(), ["prune", "--dry-run"]).output
    assert said.startswith("Would be erased:\n           1 bodies of articles\n")
    assert one(fresh_database, body) is not None
    said = CliRunner().invoke(build(), ["prune"]).output
    assert said.startswith("Erased:\n           1 bodies of articles\n")
    assert one(fresh_database, body) is None
    assert CliRunner().invoke(build(), ["prune"]).output == "Nothing has come to its end.\n"


def test_nothing_is_frozen_for_training_that_must_be_erased_one_day(fresh_database: str) -> None:
    articles = [bank(FULL, "full"), bank(Rights("licensed"), "licensed")]
    with Writer(fresh_database) as writer:
        writer.commit(*articles)
    do(
        fresh_database,
        "INSERT INTO label (article_id, field, value, annotator, text_sha)"
        " SELECT article_id, 'sentiment', 'neutral', 'analyst', content_sha FROM revision",
    )
    link = connect(fresh_database, "alerts")
    judged = {item.article_id: item.body for item in labels.judged(link)}
    link.close()
    assert judged == {id_of(articles[0]): None, id_of(articles[1]): articles[1].body}
