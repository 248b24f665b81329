"""One story stays one story, whoever stores its copies and in whatever order."""

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from pipeline.messages import RawArticle
from pipeline.store.rows import Counts
from tests.integration.ingest import world
from tests.integration.ingest.batches import Writer, ask, id_of, newswire, one, reprint

pytestmark = pytest.mark.slow

STANDING = "SELECT count(*) FROM story WHERE merged_into IS NULL"


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("point", ["before_copy", "before_commit"])
def test_copies_stored_at_the_same_moment_are_one_story(
    point: str, first: int, fresh_database: str
) -> None:
    originals = newswire("background", 8)
    # The second writer meets the stories in the opposite order.
    copies = [reprint(item, "post") for item in reversed(originals)]
    pair = [originals, copies]
    counts = together(fresh_database, pair[first], pair[1 - first], point)
    assert (counts.scored, counts.copy, counts.records) == (8, 8, 16)
    assert one(fresh_database, STANDING) == 8
    assert one(fresh_database, "SELECT count(DISTINCT story_id) FROM article") == 8
    assert set(ask(fresh_database, "SELECT copies, publishers FROM story_signal")) == {(1, 2)}


def together(
    url: str, first: Sequence[RawArticle], second: Sequence[RawArticle], point: str
) -> Counts:
    """The first writer waits at `point`, inside its transaction, until the second is inside its."""
    inside = threading.Event()
    total = [Counts(), Counts()]

    def wait(at: str) -> None:
        if at == point:
            assert inside.wait(10)

    def follow() -> None:
        with Writer(url) as writer:
            total[1] = writer.commit(*second, checkpoint=lambda _: inside.set()).counts

    with Writer(url) as writer:
        other = threading.Thread(target=follow)
        other.start()
        total[0] = writer.commit(*first, checkpoint=wait).counts
        other.join(20)
    return total[0] + total[1]


TEXT = (
    "orrin steelworks idles its northern furnace after a coolant leak while engineers inspect the "
    "hearth lining and managers tell buyers that slab deliveries for december slip by two weeks "
    "which pushes a shipyard to seek plate elsewhere as quotes climb past earlier peaks although "
    "traders doubt demand lasts beyond spring because inventories at coastal depots swell again "
    "and freight rates drop sharply leaving exporters with thin margins even before new carbon "
    "charges arrive next quarter"
)


def part(name: str, start: int, end: int, minutes: int) -> RawArticle:
    """An article of these words, `minutes` after the first."""
    return world.article(
        f"https://ledger.example/{name}",
        "Orrin Steelworks",
        " ".join(TEXT.split()[start:end]),
        at=world.NOW - timedelta(minutes=60 - minutes),
    )


# The head and the tail share little; the whole text resembles both.
HEAD, TAIL, WHOLE = part("head", 0, 46, 0), part("tail", 24, 70, 10), part("whole", 0, 70, 20)


def test_an_article_that_tells_two_stories_makes_them_one(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(HEAD)
        writer.commit(TAIL)
        assert one(fresh_database, STANDING) == 2
        counts = writer.commit(WHOLE).counts
        assert counts.copy == 1
        assert one(fresh_database, STANDING) == 1
        # What comes for the story that went goes to the one that stands.
        writer.commit(reprint(TAIL, "post"))
    assert set(ask(fresh_database, "SELECT story_id FROM article")) == {(id_of(HEAD),)}
    assert ask(fresh_database, "SELECT story_id FROM story WHERE merged_into IS NOT NULL") == [
        (id_of(TAIL),)
    ]
    assert set(ask(fresh_database, "SELECT story_id, copies FROM story_signal")) == {
        (id_of(HEAD), 3)
    }


def test_a_merge_has_the_buckets_of_both_stories_counted_anew(fresh_database: str) -> None:
    with Writer(fresh_database) as writer:
        writer.commit(HEAD)
        writer.commit(TAIL)
        seen = one(fresh_database, "SELECT max(id) FROM bucket_change")
        writer.commit(WHOLE)
    starts = ask(fresh_database, "SELECT DISTINCT start FROM bucket_change WHERE id > %s", seen)
    assert {start for (start,) in starts} == {HEAD.published_at, TAIL.published_at}


def test_copies_three_days_apart_are_two_stories(fresh_database: str) -> None:
    late = reprint(HEAD, "post", published_at=world.NOW + timedelta(hours=73))
    with Writer(fresh_database) as writer:
        writer.commit(HEAD)
        writer.commit(late, seen_at=world.NOW + timedelta(hours=74))
    assert one(fresh_database, STANDING) == 2
