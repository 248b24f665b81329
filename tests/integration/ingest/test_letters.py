"""How long a dead letter keeps its message, and what an operator sees of one that let go of it."""

from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from pipeline.cli import dlq
from pipeline.messages import RAW_TOPIC, Rights, encode
from pipeline.records import Record
from pipeline.store.deadletters import listed, mark_replayed, message, replayable
from pipeline.store.rows import Batch, DeadRow
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask

pytestmark = pytest.mark.slow

ARTICLE = world.article("https://ledger.example/bank", "Bank misses coupon", "It is late.")


def bury(writer: Writer, *rights: Rights | None, seen_at: datetime = world.NOW) -> None:
    """One dead letter each; None: its message cannot be read."""
    first = writer.claim.next_offset
    dead = [
        DeadRow(
            Record(writer.partition, first + n, None, encode(ARTICLE), (("a", b"b"),), seen_at),
            "score",
            "\x1b[2Jno number",
            "harbour-ledger",
            rights=found,
        )
        for n, found in enumerate(rights)
    ]
    span = {writer.partition: (first, first + len(dead))}
    batch = Batch({writer.partition: writer.claim}, span, dead=dead)
    writer.claim = writer.store.commit(batch).claims[writer.partition]


def test_its_rights_say_when_the_message_expires(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        bury(writer, None, Rights("link"), Rights("full", days=30), Rights("licensed"))
        writer.commit(b"{")
    expire = ask(fresh_database, "SELECT raw_expires_at FROM dead_letter ORDER BY kafka_offset")
    assert [(at - world.NOW).days for (at,) in expire] == [7, 7, 30, 365, 7]


def test_one_that_is_due_to_be_erased_is_not_sent_again(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        bury(writer, Rights("link"), seen_at=datetime.now(UTC) - timedelta(days=8))
        bury(writer, Rights("link"), seen_at=datetime.now(UTC) - timedelta(days=6))
        (letter,) = replayable(writer.link, RAW_TOPIC)
        assert message(writer.link, letter) == encode(ARTICLE)
        mark_replayed(writer.link, letter)
        assert message(writer.link, letter) is None
        mark_replayed(writer.link, letter)


def test_one_that_was_sent_again_is_listed_and_shown_without_its_message(
    fresh_database: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", fresh_database)
    monkeypatch.setenv("COLUMNS", "200")
    with Writer(fresh_database) as writer:
        bury(writer, None, seen_at=datetime.now(UTC))
        where = f"{RAW_TOPIC}/{writer.partition.number}/0"
        dlq.list_letters(settled=False, limit=50)
        dlq.show(where)
        before = capsys.readouterr().out
        assert "Bank misses coupon" in before
        (letter,) = replayable(writer.link, RAW_TOPIC)
        mark_replayed(writer.link, letter)
        assert listed(writer.link, settled=False, limit=50) == []
    dlq.list_letters(settled=True, limit=50)
    dlq.show(where)
    after = capsys.readouterr().out
    assert "Bank misses coupon" not in after
    assert after.count("erased") == 2
    assert "·[2Jno number" in before
    assert "\x1b" not in before + after


def test_the_database_holds_no_message_but_of_open_letters(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        bury(writer, None)
        for wrong in ("state = 'replayed'", "state = 'expired'", "raw = NULL"):
            with (
                pytest.raises(psycopg2.errors.CheckViolation),
                writer.link,
                writer.link.cursor() as c,
            ):
                c.execute(f"UPDATE dead_letter SET {wrong}")  # noqa: S608
