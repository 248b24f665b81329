"""Messages come back as they were sent, and what is not a message says why."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.messages import (
    DEAD_TOPIC,
    MAX_MESSAGE_BYTES,
    RAW_TOPIC,
    RUNS_TOPIC,
    TOPIC_TYPES,
    MessageError,
    RawArticle,
    decode,
    encode,
    json_schema,
)
from pipeline.settings import ROOT
from tests.unit.pipeline.making import article

GOLDEN = sorted((ROOT / "tests/fixtures/messages").glob("*.json"))
SCHEMAS = ROOT / "docs/messages"


def topic_of(path: Path) -> str:
    """news.raw.v1.first.json is a message of news.raw.v1."""
    return ".".join(path.name.split(".")[:3])


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_message_of_any_age_is_read_and_written_alike(path: Path) -> None:
    message = decode(topic_of(path), path.read_bytes())
    assert decode(topic_of(path), encode(message)) == message
    assert (
        msgspec.json.decode(encode(message)).items()
        >= msgspec.json.decode(path.read_bytes()).items()
    )


def test_every_topic_has_a_golden_message() -> None:
    assert {topic_of(path) for path in GOLDEN} == set(TOPIC_TYPES)


@pytest.mark.parametrize("topic", TOPIC_TYPES)
def test_the_committed_schema_is_the_generated_one(topic: str) -> None:
    committed = json.loads((SCHEMAS / f"{topic}.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(topic)


GOOD = msgspec.to_builtins(article())


def payload(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields).encode()


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (None, "message has no value"),
        (b"x" * (MAX_MESSAGE_BYTES + 1), f"at most {MAX_MESSAGE_BYTES}"),
        (b"", "Input data was truncated"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field"),
        (payload(v=2), r"Invalid enum value 2"),
        (payload(article_id="A" * 32), "article_id"),
        (payload(article_id="a" * 32 + "\n"), "article_id"),
        (payload(source_id="harbour ledger"), "source_id"),
        (payload(source_id="harbour-ledger\n"), "source_id"),
        (payload(title=""), r"length >= 1"),
        (payload(title="x" * 2_001), r"length <= 2000"),
        (payload(title="\ud800"), "surrogate"),
        (payload(title="a\0b"), "NUL"),
        (payload(publisher=GOOD["publisher"] | {"name": "\0"}), "NUL"),
        (payload(published_at="2026-11-20T08:00:00"), "timezone"),
        (payload(published_at="0009-01-01T00:00:00Z"), "year 9"),
        (payload(rights={"keep": "everything"}), "keep"),
    ],
)
def test_what_is_no_message_says_why(value: bytes | None, cause: str) -> None:
    with pytest.raises(MessageError, match=cause):
        decode(RAW_TOPIC, value)


def test_counts_no_database_can_hold_are_refused() -> None:
    golden = next(path for path in GOLDEN if topic_of(path) == RUNS_TOPIC)
    run = json.loads(golden.read_bytes())
    with pytest.raises(MessageError, match="requests"):
        decode(RUNS_TOPIC, json.dumps(run | {"requests": 2**31}).encode())
    with pytest.raises(MessageError, match="expected_per_day"):
        decode(RUNS_TOPIC, json.dumps(run | {"expected_per_day": 1e300}).encode())


def test_what_is_too_large_is_not_encoded() -> None:
    with pytest.raises(MessageError, match="at most"):
        encode(article(body="x" * MAX_MESSAGE_BYTES))


def test_half_a_character_is_not_encoded() -> None:
    with pytest.raises(MessageError, match="Unicode"):
        encode(article(title="\ud83d"))


def test_a_refused_page_travels_with_its_bytes() -> None:
    golden = next(path for path in GOLDEN if topic_of(path) == DEAD_TOPIC)
    assert decode(DEAD_TOPIC, golden.read_bytes()).raw == b"<html>\x00\xff"


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=60)
@given(title=TEXT.filter(lambda text: len(text) <= 2_000), body=TEXT)
def test_any_text_comes_back_as_it_was_sent(title: str, body: str) -> None:
    sent: RawArticle = article(title, body)
    assert decode(RAW_TOPIC, encode(sent)) == sent
