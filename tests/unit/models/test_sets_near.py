"""Near-duplicates are found exactly, and dealt the same way every time."""

import random

import numpy as np
import pytest

from models.data import near_pairs
from models.sets.dealing import FOLDS, deal_dev, deal_folds
from models.sets.near import comparable, groups, pairs
from models.sets.row import Row


def _texts(count: int, seed: int) -> list[str]:
    """Texts of which many share words, some common and some rare."""
    draw = random.Random(seed)
    vocabulary = [f"w{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}" for n in range(60)]
    common = draw.choices(vocabulary, weights=range(60), k=count * 8)
    return [" ".join(common[8 * n : 8 * n + draw.randint(0, 8)]) for n in range(count)]


@pytest.mark.parametrize("threshold", [0.4, 0.5, 0.6, 1.0])
def test_pairs_are_those_that_comparing_all_with_all_finds(threshold: float) -> None:
    texts = _texts(300, seed=7)
    expected = {(i, j) for i, j, _ in near_pairs(texts, threshold)}
    assert {(int(i), int(j)) for i, j in pairs(texts, threshold)} == expected
    assert len(expected) > 10


def test_figures_and_links_do_not_tell_texts_apart() -> None:
    assert comparable("up 3.5% to 1,204 on 12-05").split() == ["up", "0%", "to", "0", "on", "0"]
    assert comparable("Osten up http").split() == ["Osten", "up"]
    texts = ["Profit rose to EUR 14.0 mn from EUR 9 mn", "Profit rose to EUR 2 mn from EUR 1.1 mn"]
    assert pairs(texts, 0.99).tolist() == [[0, 1]]


def test_texts_without_words_are_near_nothing() -> None:
    assert pairs(["", "!!", ""], 0.6).tolist() == []
    assert pairs([], 0.6).tolist() == []


def test_chains_of_near_duplicates_are_one_group() -> None:
    numbers = groups(5, np.array([[0, 1], [1, 3]]))
    assert numbers[0] == numbers[1] == numbers[3]
    assert len(set(numbers.tolist())) == 3


def _rows(labels: list[str]) -> list[Row]:
    return [
        Row(id=f"{n}", set="tfns", text=f"text {n}", lang="en", sentiment=label)
        for n, label in enumerate(labels)
    ]


def test_folds_keep_groups_whole_and_classes_level() -> None:
    rows = _rows(["negative"] * 100 + ["positive"] * 300)
    numbers = [n // 3 for n in range(400)]
    folds = deal_folds(rows, numbers)
    assert all(len({folds[3 * g], folds[3 * g + 1]}) == 1 for g in range(133))
    for label, share in (("negative", 20), ("positive", 60)):
        held = [folds[n] for n, row in enumerate(rows) if row.sentiment == label]
        assert [held.count(fold) for fold in range(FOLDS)] == pytest.approx([share] * FOLDS, abs=4)


def test_folds_do_not_depend_on_the_order_or_the_ids_of_rows() -> None:
    rows = _rows(["negative", "positive", "neutral"] * 40)
    folds = deal_folds(rows, range(len(rows)))
    turned = deal_folds(rows[::-1], range(len(rows)))
    assert turned[::-1] == folds


def test_development_rows_are_whole_groups_of_every_class() -> None:
    rows = _rows(["negative"] * 200 + ["positive"] * 100)
    chosen = deal_dev(rows, [n // 2 for n in range(300)], 0.1)
    assert sum(chosen[:200]) == 20
    assert sum(chosen[200:]) == 10
    assert all(chosen[2 * g] == chosen[2 * g + 1] for g in range(150))


def test_a_group_larger_than_the_share_stays_in_training() -> None:
    rows = _rows(["negative"] * 100)
    assert not any(deal_dev(rows, [0] * 100, 0.1))
