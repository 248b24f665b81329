"""The catalogue: complete in both languages, used to the last word, and plain in its numbers."""

import re
from pathlib import Path

import pytest

from models.labels import SENTIMENTS, TOPICS
from pipeline.wording.words import Words, catalogue, language_of, placeholders, signed

ROOT = Path(__file__).parents[3]
SOURCES = [
    *(path for name in ("console", "pipeline") for path in (ROOT / name).rglob("*.py")),
    *(ROOT / "console").rglob("*.html"),
]
# Keys are written whole, or as a prefix to which the page adds a name: t("topic." ~ name).
WHOLE = re.compile(r"""(?:\bt|say|words)\(\s*["']([a-z_]+\.[a-z_]+)["']\s*[,)]""")
PREFIX = re.compile(r"""["']([a-z_]+\.[a-z_]*)(?:["'] ~|\{)""")


def test_every_entry_speaks_both_languages_with_the_same_values() -> None:
    for key, entry in catalogue().items():
        assert {"en", "zh"} <= entry.keys() <= {"en", "zh", "one"}, key
        values = placeholders(entry["en"])
        assert placeholders(entry["zh"]) == values, key
        assert placeholders(entry.get("one", "")) <= values, key


def test_every_word_asked_for_is_there_and_every_word_there_is_asked_for() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    whole, prefixes = set(WHOLE.findall(text)), set(PREFIX.findall(text))
    assert whole - catalogue().keys() == set()
    prefixes |= {f"{section}." for section in re.findall(r"""known\(["'](\w+)["']""", text)}
    quoted = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", text))
    unused = {
        key
        for key in catalogue()
        if key not in quoted and not any(key.startswith(prefix) for prefix in prefixes)
    }
    assert unused == set()


def test_labels_have_names_and_topics_those_of_the_taxonomy() -> None:
    taxonomy = (ROOT / "docs" / "taxonomy.md").read_text(encoding="utf-8")
    chinese = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", taxonomy, re.MULTILINE))
    assert {topic: Words("zh")(f"topic.{topic}") for topic in TOPICS} == chinese
    for sentiment in SENTIMENTS:
        assert Words("en")(f"sentiment.{sentiment}") == sentiment


@pytest.mark.parametrize(
    ("language", "value", "written"),
    [
        ("en", 12_345, "12,345"),
        ("en", -7, "−7"),
        ("zh", 9_999, "9,999"),
        ("zh", 12_000, "1.2 万"),
        ("zh", 20_000, "2 万"),
        ("zh", 320_000_000, "3.2 亿"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, value: int, written: str) -> None:
    assert Words(language).number(value) == written  # type: ignore[arg-type]


def test_one_is_singular_in_english_only() -> None:
    assert Words("en")("alert.publishers", n=1) == "1 publisher"
    assert Words("en")("alert.publishers", n=2) == "2 publishers"
    assert Words("zh")("alert.publishers", n=1) == "1 家媒体"


def test_sentiment_always_has_a_sign_and_a_true_minus() -> None:
    assert [signed(value) for value in (-0.424, 0.1, 0.0, -0.001, 1.0)] == [
        "−0.42",
        "+0.10",
        "0.00",
        "0.00",
        "+1.00",
    ]


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "spoken"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en-GB,en;q=0.9", "zh"),
        (None, None, "de,zh-CN;q=0.8,en;q=0.5", "zh"),
        (None, None, "en;q=0.5,zh;q=0.9", "zh"),
        ("xx", "<script>", "fr", "en"),
        (None, None, "zh;q=high", "en"),
        (None, None, None, "en"),
    ],
)
def test_language_is_asked_then_remembered_then_accepted(
    asked: str | None, remembered: str | None, accepted: str | None, spoken: str
) -> None:
    assert language_of(asked, remembered, accepted) == spoken
