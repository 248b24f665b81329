"""A dump is read line by line: what is an article is sent, what is not is named."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.messages import RAW_TOPIC, RawArticle, decode, encode
from pipeline.replay import BadLine, Pace, play, read
from tests.fixtures.fake_bus import FakeProducer

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def line(**fields: Any) -> bytes:
    return json.dumps({"published_at": "2026-11-01T09:00:00+08:00"} | fields).encode()


def articles(*lines: bytes) -> list[RawArticle]:
    return [item for _, item in read(lines, NOW) if isinstance(item, RawArticle)]


def bad(*lines: bytes) -> list[tuple[int, str]]:
    return [(n, item.cause) for n, item in read(lines, NOW) if isinstance(item, BadLine)]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b'{"text": "no date"}', "published_at"),
        (line(), "neither text nor title"),
        (line(text="  "), "neither text nor title"),
        (line(text="x", published_at="2026-11-01T09:00:00"), "no time zone"),
        (line(text="x", url="ftp://news.example/a"), "not an http or https address"),
        (line(text=7), "str"),
        (line(text="x", lang="x" * 36), "lang"),
    ],
)
def test_a_bad_line_is_named_with_its_number(wrong: bytes, cause: str) -> None:
    ((number, told),) = bad(line(text="good"), b"", wrong, line(text="good"))
    assert number == 3
    assert cause in told


def test_a_headline_alone_is_an_article() -> None:
    (item,) = articles(line(text="Copper falls", publisher="Harbour Ledger", lang="en"))
    assert (item.title, item.body, item.origin) == ("Copper falls", "", "replay")
    assert (item.publisher.publisher_id, item.publisher.name) == (
        "harbour-ledger",
        "Harbour Ledger",
    )
    assert item.published_at == datetime(2026, 11, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Copper falls", "body": "To a low."},
        {"text": "Copper falls", "body": "To a low."},
        {"title": "Copper falls", "text": "To a low."},
    ],
)
def test_no_text_of_a_line_is_lost(fields: dict[str, str]) -> None:
    (item,) = articles(line(**fields))
    assert (item.title, item.body) == ("Copper falls", "To a low.")


def test_the_same_line_has_the_same_id_in_every_run() -> None:
    (first,) = articles(line(text="Copper falls"))
    ((_, second),) = read([line(text="Copper falls")], NOW + timedelta(days=1))
    assert isinstance(second, RawArticle)
    assert first.article_id == second.article_id == "18a8f827ab8dad67870dd56a3d3af2ed"


def test_an_address_gives_the_id_the_crawler_would_give() -> None:
    plain, tracked = articles(
        line(text="a", url="https://news.example/a"),
        line(text="b", url="https://news.example/a/?utm_source=x"),
    )
    assert plain.article_id == tracked.article_id == "95bbca1f9b4bae7d73e89dc2c1be3dbe"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("财新", "财联社"),
        ("Reuters 路透", "Reuters 彭博"),
        ("Reuters 路透", "Reuters"),
        ("A&B News", "A B News"),
        ("Barron's", "Barron s"),
        ("x" * 90, "x" * 91),
        ("-", "--"),
    ],
)
def test_publishers_of_different_names_stay_apart(one: str, other: str) -> None:
    first, second = articles(line(text="a", publisher=one), line(text="b", publisher=other))
    assert first.publisher.publisher_id != second.publisher.publisher_id
    assert [decode(RAW_TOPIC, encode(item)) for item in (first, second)] == [first, second]


@pytest.mark.parametrize("spelled", ["Reuters 路透", "REUTERS 路透", "reuters  路透 "])
def test_a_publisher_keeps_its_id_however_it_is_spelled(spelled: str) -> None:
    (item,) = articles(line(text="a", publisher=spelled))
    assert item.publisher.publisher_id == "reuters-bfc9a8ba9fec"


def test_every_good_line_is_sent_and_counted_once() -> None:
    producer = FakeProducer()
    lines = [line(text=f"Copper falls {n}") for n in range(1_203)] + [b"{"]
    reports: list[int] = []
    sent = play(lines, producer, lambda now: reports.append(now.acknowledged))
    assert sent.acknowledged == len(producer.sent) == 1_203
    assert [item.number for item in sent.bad] == [1_204]
    assert reports == [500, 1_000, 1_203]
    topic, key, payload = producer.sent[0]
    assert decode(topic, payload).article_id == key


def test_a_speed_keeps_the_dumps_own_rhythm() -> None:
    now, slept = 100.0, []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    stamps = ("09:00:00", "09:01:00", "09:01:00", "09:03:00")
    lines = [
        line(text=f"Copper {n}", published_at=f"2026-11-01T{stamp}+08:00")
        for n, stamp in enumerate(stamps)
    ]
    play(lines, FakeProducer(), pace=Pace(60.0, lambda: now, sleep))
    assert slept == [0.0, 1.0, 0.0, 2.0]
