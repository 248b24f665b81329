"""What one transaction writes: rights, revisions, signals, offsets, and nothing of a fenced one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from pipeline.entities.issuers import Issuer, Security
from pipeline.messages import Rights
from pipeline.records import Record
from pipeline.store import catalog
from pipeline.store.copying import copy_rows
from pipeline.store.ingest import Fenced, TopicRecreated
from pipeline.store.rows import Batch, DeadRow
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, id_of, newswire, one, reprint

pytestmark = pytest.mark.slow

BODY = "Meridian Harbour Bank missed a coupon.\nDepositors queue to withdraw cash."
BANK = world.article(
    "https://ledger.example/bank",
    "Meridian Harbour Bank misses coupon as default looms",
    BODY,
    at=world.NOW - timedelta(minutes=12),
)


@pytest.mark.parametrize(
    ("rights", "body", "days"),
    [
        (Rights("link"), None, None),
        (Rights("snippet", characters=8), "Meridian", None),
        (Rights("full", days=30), BODY, 30),
        (Rights("licensed"), BODY, None),
    ],
)
def test_what_may_not_be_kept_is_not_stored(
    rights: Rights, body: str | None, days: int | None, database_url: str
) -> None:
    url = f"https://ledger.example/{rights.keep}"
    item = msgspec.structs.replace(BANK, rights=rights, url=url, article_id=world.article_id(url))
    with Writer(database_url) as writer:
        writer.commit(item)
    ((stored, expires),) = ask(
        database_url,
        "SELECT body, body_expires_at FROM revision WHERE article_id = %s",
        id_of(item),
    )
    assert stored == body
    assert expires == (world.NOW + timedelta(days=days) if days else None)


def test_text_of_any_kind_comes_back_as_it_was(database_url: str) -> None:
    body = (
        "tab\there\r\n\\. \\N \\t \x01\x0b\x7f {1,2} \"quoted\" 'single' 📉 银行\u2028\ufeff end\\"
    )
    item = msgspec.structs.replace(
        BANK,
        title="\\N",
        body=body,
        rights=Rights("licensed"),
        url=(url := "https://ledger.example/odd"),
        article_id=world.article_id(url),
    )
    with Writer(database_url) as writer:
        writer.commit(item)
    ((title, stored),) = ask(
        database_url, "SELECT title, body FROM revision WHERE article_id = %s", id_of(item)
    )
    assert (title, stored) == (item.title, body)


def test_copied_values_come_back_as_they_were(database_url: str) -> None:
    row = (None, "", "a\tb\nc\\d", b"\x00\\\xff", [0.25, 1e-9], (), world.NOW, 7, True)
    with Writer(database_url) as writer, writer.link, writer.link.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE kinds (a text, b text, c text, d bytea, e real[], f real[],"
            " g timestamptz, h bigint, i boolean)"
        )
        assert copy_rows(cursor, "COPY kinds FROM STDIN", [row, row]) == 2
        assert copy_rows(cursor, "COPY kinds FROM STDIN", []) == 0
        cursor.execute("SELECT * FROM kinds")
        (first, second) = cursor.fetchall()
    assert first == second
    assert (*first[:3], bytes(first[3]), *first[6:]) == (*row[:4], *row[6:])
    assert first[4] == pytest.approx([0.25, 1e-9])
    assert first[5] == []


def test_a_dead_letter_keeps_its_message_cause_and_headers(database_url: str) -> None:
    with Writer(database_url) as writer:
        headers = (("source\0", b"\xff"),)
        record = Record(writer.partition, 0, None, b"{\x00", headers, world.NOW)
        span = {writer.partition: (0, 1)}
        dead = [DeadRow(record, "decode", "a\0cause")]
        writer.store.commit(Batch({writer.partition: writer.claim}, span, dead=dead))
        ((raw, kept, cause),) = ask(
            database_url,
            "SELECT raw, headers, cause FROM dead_letter WHERE topic_id = %s",
            writer.partition.topic_id,
        )
    assert (bytes(raw), kept, cause) == (b"{\x00", [["source\\0", "ff"]], "a\\0cause")


def test_a_correction_of_the_representative_replaces_what_is_counted(fresh_database: str) -> None:
    corrected = msgspec.structs.replace(
        BANK,
        title="Correction: Meridian Harbour Bank paid its coupon on time",
        body="Meridian Harbour Bank results: revenue grew and earnings beat forecasts.",
    )
    with Writer(fresh_database) as writer:
        writer.commit(BANK)
        before = signals(fresh_database)
        assert {kind for kind, _, _ in before} == {"topic", "issuer"}
        assert all(p_negative > 0.5 for _, _, p_negative in before)
        clear_changes(fresh_database)
        writer.commit(corrected)
    after = signals(fresh_database)
    assert all(p_negative < 0.5 for _, _, p_negative in after)
    assert {name for _, name, _ in before} - {name for _, name, _ in after} == {"credit_debt"}
    # The topic it was filed under before must be counted anew too.
    assert {name for name, _ in changes(fresh_database)} == {
        name for _, name, _ in [*before, *after]
    }
    ((kind, title),) = ask(fresh_database, "SELECT kind, title FROM story")
    assert (kind, title) == ("correction", corrected.title)


def test_a_revision_of_a_mere_copy_changes_nothing_that_is_counted(fresh_database: str) -> None:
    copy = reprint(BANK, "post", published_at=world.NOW)
    with Writer(fresh_database) as writer:
        writer.commit(BANK, copy)
        before = signals(fresh_database)
        writer.commit(msgspec.structs.replace(copy, title="Copper climbs", body="Output is cut."))
    assert signals(fresh_database) == before
    assert one(fresh_database, "SELECT max(copies) FROM story_signal") == 1


def test_copies_are_counted_by_article_and_publishers_by_owner(fresh_database: str) -> None:
    sister = world.Publisher("harbour-weekly", "Harbour Weekly", "Harbour Media", "paper")
    copies = [
        reprint(BANK, "post"),
        reprint(BANK, "weekly", publisher=sister),
        reprint(BANK, "post-again"),
    ]
    with Writer(fresh_database) as writer:
        counts = writer.commit(BANK).counts
        assert (counts.scored, counts.copy) == (1, 0)
        counts = writer.commit(*copies).counts
        assert (counts.scored, counts.copy) == (0, 3)
    assert set(ask(fresh_database, "SELECT copies, publishers FROM story_signal")) == {(3, 2)}


def test_an_owner_that_was_fenced_writes_nothing(fresh_database: str) -> None:
    with Writer(fresh_database) as late, Writer(fresh_database, late.partition) as owner:
        assert owner.claim.epoch == late.claim.epoch + 1
        with pytest.raises(Fenced):
            late.commit(BANK, b"{")
        for table in ("article", "revision", "story", "story_key", "dead_letter", "ingest_batch"):
            assert one(fresh_database, f"SELECT count(*) FROM {table}") == 0  # noqa: S608
        assert owner.commit(BANK).counts.scored == 1


def test_an_attempt_on_a_partition_that_was_lost_is_taken_back(fresh_database: str) -> None:
    with Writer(fresh_database) as late:
        late.store.attempt([late.claim])
        with Writer(fresh_database, late.partition) as owner:
            assert owner.claim.attempts == 1
            late.store.attempt([late.claim])
            owner.store.attempt([owner.claim])
            late.store.spare([late.claim])
            assert one(fresh_database, "SELECT attempts FROM kafka_offset") == 1
            owner.commit(BANK)
            late.store.spare([late.claim])
            assert one(fresh_database, "SELECT attempts FROM kafka_offset") == 0


def test_a_claim_during_a_commit_waits_and_starts_behind_it(fresh_database: str) -> None:
    with Writer(fresh_database) as first:
        first.commit(BANK)
        with Writer(fresh_database, first.partition) as second:
            assert second.claim.next_offset == 1


def test_the_batch_after_a_rollback_is_the_same_batch(fresh_database: str) -> None:
    def dies(at: str) -> None:
        if at == "before_commit":
            raise RuntimeError

    with Writer(fresh_database) as writer:
        with pytest.raises(RuntimeError):
            writer.commit(*newswire("bank", 5), checkpoint=dies)
        assert one(fresh_database, "SELECT count(*) FROM article") == 0
        assert writer.commit(*newswire("bank", 5)).counts.records == 5


def test_what_was_unscored_joins_a_story_when_a_revision_can_be_scored(fresh_database: str) -> None:
    german = msgspec.structs.replace(
        BANK, title="Die Bank meldet Verlust", body="Der Vorstand will nun Filialen schließen."
    )
    with Writer(fresh_database) as writer:
        assert writer.commit(german).counts.unscored == 1
        assert one(fresh_database, "SELECT story_id FROM article") is None
        assert writer.commit(BANK).counts.scored == 1
    assert one(fresh_database, "SELECT story_id FROM article") == id_of(BANK)


def test_a_topic_made_again_is_refused_and_the_gap_recorded(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(BANK)
        again = replace(writer.partition, topic_id=UUID(int=2))
        for _ in range(2):
            with pytest.raises(TopicRecreated, match="was deleted and made again"):
                writer.store.claim(again)
        gaps = ask(fresh_database, "SELECT topic_id, from_offset, cause FROM kafka_gap")
        assert gaps == [(again.topic_id, 1, "the topic was deleted and made again")]
        writer.store.accept_gap(again, 0)
        assert writer.store.claim(again).next_offset == 0


def test_undated_and_future_news_happened_when_it_was_seen(fresh_database: str) -> None:
    future = world.article("https://ledger.example/f", "Orrin opens", "A plant.", at=LATER)
    undated = msgspec.structs.replace(
        BANK,
        published_at=None,
        url=(url := "https://ledger.example/u"),
        article_id=world.article_id(url),
    )
    with Writer(fresh_database) as writer:
        writer.commit(future, undated)
    assert set(ask(fresh_database, "SELECT occurred_at FROM article")) == {(world.NOW,)}


LATER = datetime(2027, 3, 1, tzinfo=UTC)


def signals(url: str) -> list[tuple[str, str, float]]:
    """Kind, topic or issuer, probability of negative."""
    return ask(
        url,
        "SELECT kind, coalesce(topic, entity_id), p_negative FROM story_signal"
        " JOIN series USING (series_id) ORDER BY 1, 2",
    )  # type: ignore[return-value]


def changes(url: str) -> set[tuple[str, datetime]]:
    """Which buckets must be counted anew."""
    return set(
        ask(
            url,
            "SELECT coalesce(topic, entity_id), start FROM bucket_change"
            " JOIN series USING (series_id)",
        )
    )  # type: ignore[return-value]


def clear_changes(url: str) -> None:
    """As an alerts run does when it has counted."""
    import psycopg2

    link = psycopg2.connect(url)
    with link, link.cursor() as cursor:
        cursor.execute("DELETE FROM bucket_change")
    link.close()


def test_what_left_an_issuers_line_leaves_the_catalogue(fresh_database: str) -> None:
    def bank(*codes: str, alias: str = "") -> Issuer:
        names = (alias,) if alias else ()
        securities = tuple(Security(code) for code in codes)
        return Issuer("bank", "issuer", "Kite Bank", "风筝银行", securities, aliases_en=names)

    kept = Issuer("kept", "issuer", "Orrin", "Orrin", (Security("ORRN.US"),))
    held = """SELECT (SELECT array_agg(code ORDER BY code) FROM security
                      WHERE entity_id IN ('bank', 'kept')),
                     (SELECT array_agg(alias ORDER BY alias) FROM entity_alias
                      WHERE entity_id = 'bank' AND lang = 'en')"""
    with Writer(fresh_database) as writer:
        catalog.put_issuers(writer.link, [bank("00911.HK", "KITB.US", alias="Kite"), kept])
        assert ask(fresh_database, held) == [
            (["00911.HK", "KITB.US", "ORRN.US"], ["Kite", "Kite Bank"])
        ]
        catalog.put_issuers(writer.link, [bank("00911.HK")])
    assert ask(fresh_database, held) == [(["00911.HK", "ORRN.US"], ["Kite Bank"])]
