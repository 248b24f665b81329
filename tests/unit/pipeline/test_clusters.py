"""Articles find their story by their words, or by what they report."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np

from pipeline.clusters import Clusters, Item, Joined
from pipeline.stories import signature

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
LONG = "Orrin Copper shut its smelter in Port Vale after a fire on Monday and sent its workers home"


def _item(
    text: str,
    *vector: float,
    lang: str = "en",
    hours: float | None = 0,
    undated: bool = False,
    named: bool = True,
) -> Item:
    known = np.array(vector, np.float32) / np.linalg.norm(vector) if vector else None
    at = None if undated else NOW + timedelta(hours=hours or 0)
    return Item(
        lang, at, signature(text, ""), known, frozenset({"orrin"}) if named else frozenset()
    )


def _stories(*items: Item) -> list[int]:
    clusters = Clusters()
    return [clusters.add(item).story for item in items]


def test_a_copy_joins_what_it_repeats_and_says_how_near_it_is() -> None:
    clusters = Clusters()
    clusters.add(_item("Something else entirely happened at a bank this morning"))
    clusters.add(_item(LONG))
    joined = clusters.add(_item(f"{LONG} today"))
    assert (joined.story, joined.nearest) == (1, 1)
    assert joined.near > 0.8


def test_a_copy_in_the_other_script_is_a_copy() -> None:
    simple = "海港银行两周流失存款逾一百四十亿港元，大额客户率先转走资金"
    traditional = "海港銀行兩週流失存款逾一百四十億港元，大額客戶率先轉走資金"
    assert _stories(_item(simple, lang="zh"), _item(traditional, lang="zh")) == [0, 0]


def test_a_rewritten_report_joins_by_its_vector() -> None:
    clusters = Clusters()
    clusters.add(_item("Copper smelter shut", 1, 0.1))
    joined = clusters.add(_item("Fire halts work in Port Vale", 1, 0.2))
    assert (joined.story, joined.nearest) == (0, 0)
    assert 0.9 < joined.near <= 1
    assert clusters.add(_item("Dividend raised", 0, 1)) == Joined(2)


def test_like_reports_that_share_no_rare_word_are_two_stories() -> None:
    assert _stories(_item("a b", 1, 0), _item("c d", 1, 0, named=False)) == [0, 1]


def test_one_far_member_keeps_a_report_out() -> None:
    first, second = _item("a b c", 1, 0), _item("d e f", 0.6, 0.8)
    assert _stories(first, second, _item("g h i", 0, 1)) == [0, 0, 2]


def test_a_copy_tells_nothing_in_words_of_its_own() -> None:
    clusters = Clusters()
    far = [_item(LONG, 0.6, 0.8), _item(f"{LONG} today", 0, 1)]
    for item in (_item("Copper smelter shut", 1, 0), *far):
        assert clusters.add(item).story == 0
    # Beside the copy's vector it would fall below what each report must have.
    assert clusters.add(_item("Port Vale halt", 1, 0)).story == 0


def test_languages_and_distant_days_do_not_mix() -> None:
    assert _stories(_item("a", 1, 0), _item("b", 1, 0, lang="zh")) == [0, 1]
    assert _stories(_item(LONG, 1, 0), _item(LONG, 1, 0, hours=73)) == [0, 1]
    assert _stories(_item(LONG), _item(LONG, hours=71), _item(LONG, hours=142)) == [0, 0, 0]


def test_undated_articles_join_what_came_before() -> None:
    assert _stories(_item(LONG, undated=True), _item(LONG, undated=True)) == [0, 0]


def test_thousands_of_unrelated_stories_take_seconds() -> None:
    vectors = np.random.default_rng(0).standard_normal((1_500, 384))
    items = [
        _item(f"report {n} of {n * 7} and {n * 11}", *vector) for n, vector in enumerate(vectors)
    ]
    begun = time.perf_counter()
    assert len(set(_stories(*items))) > 1_400
    assert time.perf_counter() - begun < 20


def test_stories_out_of_reach_are_forgotten() -> None:
    clusters = Clusters()
    stories = [clusters.add(_item(f"day {n}", 1, 0, hours=80 * n)).story for n in range(200)]
    assert stories == list(range(200))
    assert clusters.add(_item("again", 1, 0, hours=80 * 199)).story == 199
    assert len(clusters._reports["en"]) < 10


def test_an_undated_article_does_not_reach_further_back_than_the_one_before() -> None:
    items = [_item(f"day {n}", *vector, hours=48 * n) for n, vector in enumerate(np.eye(3))]
    assert _stories(*items, _item("again", *np.eye(3)[0], undated=True)) == [0, 1, 2, 3]


def test_without_a_vector_only_words_count() -> None:
    assert _stories(_item("a b"), _item("c d", 1, 0), _item("e f")) == [0, 1, 2]
