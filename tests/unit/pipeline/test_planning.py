"""Every record of a batch becomes one row of one outcome, with the right revision number."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from models.runtime.protocol import Prediction
from pipeline.entities.issuers import Issuer
from pipeline.entities.linker import Linker
from pipeline.messages import RawArticle, Rights
from pipeline.planning import build_batch, content_sha, decode_all
from pipeline.records import Record
from pipeline.scoring import Scorer
from pipeline.store.fields import kept_body, letter_life
from pipeline.store.rows import Batch, Claim, StoredArticle
from tests.unit.pipeline.making import (
    NOW,
    PARTITION,
    FakeRuntime,
    article,
    prediction,
    record,
    resent,
)

CLAIM = Claim(PARTITION, 0, 1, 0)
ISSUERS = [
    Issuer("orrin", "issuer", "Orrin", "奥林"),
    Issuer("regulator", "institution", "Securities Office", "证监处"),
]
STORED = StoredArticle(4, content_sha(article()), NOW, NOW, UUID(int=9), NOW)
EARLIER, LATER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)


def judge(text: str) -> Prediction:
    return prediction("negative", float("nan") if "breaks" in text else 0.9)


def plan(*messages: RawArticle | bytes | Record, stored: StoredArticle | None = None) -> Batch:
    records = [
        replace(message, offset=offset) if isinstance(message, Record) else record(message, offset)
        for offset, message in enumerate(messages)
    ]
    known = {article().article_id: stored} if stored else {}
    return build_batch(
        {PARTITION: CLAIM},
        {PARTITION: (0, len(records))},
        decode_all(records, {PARTITION: CLAIM}),
        known,
        Scorer(FakeRuntime(judge), Linker(ISSUERS)),
        frozenset({"orrin"}),
    )


def test_a_canary_is_scored_like_any_article_and_becomes_none() -> None:
    batch = plan(article(origin="canary"), article())
    (row,) = batch.canaries
    (stored,) = batch.revisions
    assert stored.score is not None
    assert row.article_id == stored.article_id
    assert (row.p_negative, row.seen_at) == (stored.score.sentiment_probs[0], NOW)
    # What cannot be scored is a canary that was not found negative.
    (unscored,) = plan(article(origin="canary", title="Bonjour à tous, ceci est un test")).canaries
    assert unscored.p_negative == 0.0


def test_the_first_version_of_an_article_is_revision_one() -> None:
    (row,) = plan(article()).revisions
    assert (row.rev, row.story_id, row.first_seen_at) == (1, None, NOW)


def test_the_same_text_again_is_unchanged_and_not_scored() -> None:
    batch = plan(article(), stored=STORED)
    assert batch.revisions == []
    assert [item.offset for item in batch.unchanged] == [0]


def test_a_new_text_is_the_next_revision_of_its_story() -> None:
    (row,) = plan(article("Bank cuts forecast again"), stored=STORED).revisions
    assert (row.rev, row.story_id) == (5, STORED.story_id)


def test_versions_in_one_batch_are_numbered_one_after_the_other() -> None:
    batch = plan(article("First"), article("Second"), article("Second"), article("Third"))
    assert [(row.rev, row.article.title) for row in batch.revisions] == [
        (1, "First"),
        (2, "Second"),
        (3, "Third"),
    ]
    assert [item.offset for item in batch.unchanged] == [2]


def test_a_version_after_one_that_broke_waits_for_the_next_fetch() -> None:
    batch = plan(article("It breaks"), article("It is whole"))
    assert batch.revisions == []
    assert [(row.stage, row.record.offset) for row in batch.dead] == [("score", 0), ("score", 1)]
    assert {row.rights for row in batch.dead} == {article().rights}


def test_an_older_version_sent_again_changes_nothing() -> None:
    batch = plan(resent(article("First"), EARLIER), stored=STORED)
    assert batch.revisions == []
    assert [item.offset for item in batch.unchanged] == [0]


def test_a_newer_version_sent_again_is_the_next_revision() -> None:
    (row,) = plan(resent(article("Corrected"), LATER), stored=STORED).revisions
    assert (row.rev, row.record.seen_at) == (5, LATER)


def test_versions_sent_again_together_end_with_the_newest() -> None:
    first, second = (
        resent(article(title), NOW - timedelta(minutes=minutes))
        for title, minutes in (("First", 2), ("Second", 1))
    )
    batch = plan(article("Newest"), second, first)
    assert [row.article.title for row in batch.revisions] == ["Newest"]
    assert [item.offset for item in batch.unchanged] == [1, 2]
    assert [row.rev for row in plan(first, second, article("Newest")).revisions] == [1, 2, 3]


def test_what_comes_for_the_first_time_is_ordered_by_the_log_not_by_clocks() -> None:
    (row,) = plan(replace(record(article("Corrected")), seen_at=EARLIER), stored=STORED).revisions
    assert row.rev == 5


def test_an_older_version_is_not_lost_with_the_newer_that_broke() -> None:
    batch = plan(article("It breaks"), resent(article("It is whole"), EARLIER))
    assert (batch.revisions, batch.unchanged) == ([], [])
    assert [row.record.offset for row in batch.dead] == [0, 1]
    assert "a newer version" in batch.dead[1].cause


def test_a_poisoned_record_takes_no_other_with_it() -> None:
    batch = plan(article(), b"{", article("Other", url="https://ledger.example/2"))
    assert len(batch.revisions) == 2
    (dead,) = batch.dead
    assert (dead.stage, dead.record.offset) == ("decode", 1)
    assert "truncated" in dead.cause


def test_an_unscored_article_keeps_its_text_and_joins_no_story() -> None:
    (row,) = plan(article("Die Bank meldet einen hohen Verlust und schließt Filialen")).revisions
    assert (row.lang, row.score, row.story) == ("de", None, None)


def test_institutions_are_linked_but_not_counted() -> None:
    (row,) = plan(article("Securities Office fines Orrin")).revisions
    assert row.score
    assert {item.entity_id: item.counted for item in row.score.mentions} == {
        "orrin": True,
        "regulator": False,
    }


def test_news_from_the_future_happened_when_it_was_seen() -> None:
    (row,) = plan(article(published_at=NOW.replace(year=2027))).revisions
    assert row.occurred_at == NOW


def test_undated_news_happened_when_it_was_seen() -> None:
    (row,) = plan(article(published_at=None)).revisions
    assert row.occurred_at == NOW


@pytest.mark.parametrize(("attempts", "dead"), [(0, []), (2, []), (3, [7])])
def test_the_record_at_which_the_process_died_three_times_is_set_aside(
    attempts: int, dead: list[int]
) -> None:
    records: list[Record] = [record(article(), offset) for offset in (7, 8)]
    claim = replace(CLAIM, next_offset=7, attempts=attempts)
    decoded = decode_all(records, {PARTITION: claim})
    assert [row.record.offset for row in decoded.dead] == dead
    assert [item.offset for item, _ in decoded.articles] == [n for n in (7, 8) if n not in dead]


@pytest.mark.parametrize(
    ("rights", "kept"),
    [
        (Rights(), (None, None)),
        (Rights("link", characters=10, days=3), (None, None)),
        (Rights("snippet", characters=4), ("four", None)),
        (Rights("snippet"), ("", None)),
        (Rights("full", days=30), ("four and more", 30)),
        (Rights("full"), ("four and more", None)),
        (Rights("licensed", days=30), ("four and more", None)),
    ],
)
def test_of_a_body_is_kept_what_its_rights_allow(
    rights: Rights, kept: tuple[str | None, int | None]
) -> None:
    assert kept_body("four and more", rights) == kept


@pytest.mark.parametrize(
    ("rights", "days"),
    [
        (None, 7),
        (Rights("link"), 7),
        (Rights("snippet", characters=400), 7),
        (Rights("full", days=2), 2),
        (Rights("full", days=90), 90),
        (Rights("full", days=3_650), 365),
        (Rights("licensed"), 365),
    ],
)
def test_a_dead_letter_waits_as_long_as_its_rights_allow(rights: Rights | None, days: int) -> None:
    assert letter_life(rights) == timedelta(days=days)
