"""Labelled lines are read strictly and split without leaks."""

from pathlib import Path

import msgspec
import pytest

from models.data import Example, digest, near_pairs, read_corpus, split, words
from models.errors import ModelError

LINE = {
    "id": "a",
    "text": "Profit rises",
    "lang": "en",
    "topic": "earnings",
    "sentiment": "positive",
}


def _write(folder: Path, *lines: object, name: str = "en.jsonl") -> Path:
    (folder / name).write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n")
    return folder


def _example(number: int, text: str, topic: str = "macro") -> Example:
    return Example(f"x{number:03}", text, "en", topic, "neutral")


def test_reads_every_file_in_the_order_of_the_ids(tmp_path: Path) -> None:
    _write(tmp_path, LINE | {"id": "b"}, LINE)
    _write(tmp_path, LINE | {"id": "c", "lang": "zh"}, name="zh.jsonl")
    assert [example.id for example in read_corpus(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"topic": "weather"}, "unknown topic 'weather'"),
        ({"sentiment": "bad"}, "unknown sentiment 'bad'"),
        ({"lang": "fr"}, "lang"),
        ({"text": " "}, "empty text"),
        ({"entities": [{"name": "Thornbury", "sentiment": "neutral"}]}, "'Thornbury': not in"),
        ({"entities": [{"name": "Profit", "sentiment": "good"}]}, "'Profit'.* wrongly labelled"),
        ({"label": "x"}, "label"),
        ({"id": "a"}, "taken already"),
    ],
)
def test_a_wrong_line_is_named_by_file_and_number(
    tmp_path: Path, wrong: dict[str, str], said: str
) -> None:
    _write(tmp_path, LINE, LINE | {"id": "b"} | wrong)
    with pytest.raises(ModelError, match=f"en.jsonl:2: .*{said}"):
        read_corpus(tmp_path)


def test_the_digest_is_of_the_lines_not_of_their_order() -> None:
    one, two = _example(1, "one"), _example(2, "two")
    assert digest([one, two]) == digest([two, one]) != digest([one])


def test_words_of_chinese_are_its_character_pairs() -> None:
    assert words("Copper 铜价上涨, COPPER 3") == {"copper", "铜价", "价上", "上涨", "3"}


def test_finds_near_duplicates_by_word_jaccard() -> None:
    texts = ["a b c d", "x y z", "a b c e", "央行下调存款准备金率", "央行下调存款准备金"]
    assert [(i, j) for i, j, _ in near_pairs(texts, 0.5)] == [(0, 2), (3, 4)]


def test_near_duplicates_never_lie_in_two_parts() -> None:
    lines = [
        _example(2 * n + m, f"story{n} tells of{n} event{n} part{m}")
        for n in range(40)
        for m in range(2)
    ]
    parts = split(lines, 0.3, 0.2, seed=1)
    stories = [
        {line.text.split()[0] for line in part} for part in (parts.fit, parts.dev, parts.held_out)
    ]
    assert all(stories)
    assert sum(map(len, stories)) == len(set().union(*stories)) == 40


def test_shares_are_kept_within_every_topic() -> None:
    lines = [_example(n, f"alone{n}", topic) for n, topic in enumerate(["macro", "energy"] * 100)]
    parts = split(lines, 0.2, 0.1, seed=3)
    for topic in ("macro", "energy"):
        assert sum(line.topic == topic for line in parts.held_out) == pytest.approx(20, abs=1)
        assert sum(line.topic == topic for line in parts.dev) == pytest.approx(10, abs=2)


def test_the_same_seed_splits_the_same_way() -> None:
    lines = [_example(n, f"alone{n}") for n in range(50)]
    assert split(lines, 0.2, 0.1, 5) == split(lines, 0.2, 0.1, 5) != split(lines, 0.2, 0.1, 6)
