import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawlers.dates import When
from crawlers.extract import Extract
from crawlers.health import Tally
from crawlers.pages import Due, Listed, Validators
from crawlers.publish import Fetched, Gate, Publisher, Refusal, Refused, message_of, published_at
from crawlers.state import State
from pipeline.bus import BusError, Coordinates
from pipeline.messages import DEAD_TOPIC, MAX_MESSAGE_BYTES, RAW_TOPIC, article_id, decode
from pipeline.messages import Publisher as Owner
from pipeline.sources import Source
from tests.fixtures.fake_bus import FakeProducer

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
URL = "https://news.example.com/a"
SOURCE = Source(
    source_id="harbour",
    publisher=Owner("harbour", "Harbour", "Harbour Press", "wire"),
    kind="feed",
    urls=("https://news.example.com/rss.xml",),
    language="en",
    expected_per_day=3,
    digest="0" * 64,
)


def fetched(url: str = URL, canonical: str | None = None, body: str = "Text.") -> Fetched:
    due = Due(Listed(URL, URL, "1", None), Validators())
    extract = Extract("Title", body, None, None, canonical, "en")
    return Fetched(due, url, extract, b"<html>", Validators('"v1"'), NOW)


class Refusing(FakeProducer):
    """A broker that is away."""

    def send(self, topic: str, key: str, payload: bytes) -> Future[Coordinates]:
        result: Future[Coordinates] = Future()
        result.set_exception(BusError("nobody there"))
        return result


@dataclass
class Desk:
    """A publisher with everything around it."""

    state: State
    sender: FakeProducer
    tally: Tally

    def publish(self, item: Fetched | Refused) -> None:
        publisher = Publisher(SOURCE, self.state, self.sender, lambda: NOW, self.tally)
        asyncio.run(publisher.publish(item))

    def due(self) -> int:
        return len(self.state.due(NOW, timedelta(minutes=10), 100))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    state = State(tmp_path / "s.sqlite")
    state.remember("list", Validators(), [fetched().due.listed], NOW)
    yield Desk(state, FakeProducer(), Tally())
    state.close()


def test_an_article_is_keyed_by_the_id_of_its_canonical_address(desk: Desk) -> None:
    desk.publish(fetched(URL + "?utm_source=x#top"))
    ((topic, key, payload),) = desk.sender.sent
    assert (topic, key) == (RAW_TOPIC, article_id(URL))
    article = decode(RAW_TOPIC, payload)
    assert (article.url, article.title, article.fetched_at) == (URL, "Title", NOW)
    assert desk.tally.published == 1


@pytest.mark.parametrize(
    ("canonical", "believed"),
    [
        ("https://www.example.com/story/1", "https://www.example.com/story/1"),
        ("http://example.com/story/1", "http://example.com/story/1"),
        ("https://wire.example.org/story/1", URL),
        ("https://news.example.com:8443/story/1", URL),
        ("javascript:alert(1)", URL),
        ("http://[broken", URL),
        # The front page, and the source's own feed.
        ("https://www.example.com/", URL),
        ("https://news.example.com?utm_source=x", URL),
        ("https://news.example.com/rss.xml", URL),
        ("https://news.example.com/?id=7", "https://news.example.com/?id=7"),
        (None, URL),
    ],
)
def test_a_canonical_address_is_believed_within_its_own_site(
    canonical: str | None, believed: str
) -> None:
    assert message_of(SOURCE, fetched(canonical=canonical)).url == believed


def test_an_article_that_ends_on_another_site_is_refused(desk: Desk) -> None:
    desk.publish(fetched("https://wire.example.org/a"))
    ((topic, key, payload),) = desk.sender.sent
    letter = decode(DEAD_TOPIC, payload)
    assert (topic, key, letter.stage, letter.raw) == (DEAD_TOPIC, "harbour", "validate", b"<html>")
    assert "example.org is not on the source's sites (example.com)" in letter.cause


def test_further_sites_of_a_source_are_its_own() -> None:
    import msgspec

    wider = msgspec.structs.replace(SOURCE, sites=("example.org",))
    assert message_of(wider, fetched("https://wire.example.org/a")).url.endswith("example.org/a")


def test_the_same_content_is_sent_once_and_new_content_again(desk: Desk) -> None:
    for body in ("Text.", "Text.", "Corrected text."):
        desk.publish(fetched(body=body))
    assert [decode(topic, payload).body for topic, _, payload in desk.sender.sent] == [
        "Text.",
        "Corrected text.",
    ]


def test_a_page_counts_as_done_only_at_the_ack(desk: Desk) -> None:
    desk.sender = Refusing()
    with pytest.raises(BusError):
        desk.publish(fetched())
    assert (desk.due(), desk.tally.published) == (1, 0)
    desk.sender = FakeProducer()
    desk.publish(fetched())
    assert (desk.due(), desk.tally.published) == (0, 1)


def test_few_items_wait_for_kafka_at_a_time() -> None:
    waiting, most = 0, 0

    async def publish() -> None:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0)
        waiting -= 1

    async def crowd() -> None:
        gate = Gate(3)
        await asyncio.gather(*(gate.through(publish) for _ in range(10)))

    asyncio.run(crowd())
    assert most == 3


def test_when_kafka_took_nothing_of_a_whole_batch_nobody_waits_for_it_again() -> None:
    tried = 0

    async def refused() -> None:
        nonlocal tried
        tried += 1
        raise BusError("nobody there")

    async def crowd() -> list[BaseException | None]:
        gate = Gate(2)
        return await asyncio.gather(
            *(gate.through(refused) for _ in range(5)), return_exceptions=True
        )

    assert [str(error) for error in asyncio.run(crowd())] == ["nobody there"] * 5
    assert tried == 2


def test_a_message_too_large_for_kafka_is_refused_with_its_size(desk: Desk) -> None:
    desk.publish(fetched(body="x" * MAX_MESSAGE_BYTES))
    ((_, _, payload),) = desk.sender.sent
    letter = decode(DEAD_TOPIC, payload)
    assert letter.stage == "publish"
    assert f"at most {MAX_MESSAGE_BYTES}" in letter.cause


def test_a_message_that_readers_would_not_take_is_refused(desk: Desk) -> None:
    desk.publish(fetched(URL + "/" + "x" * 2_000))
    ((_, _, payload),) = desk.sender.sent
    assert decode(DEAD_TOPIC, payload).stage == "validate"


def test_one_fault_is_one_dead_letter_however_often_it_is_seen(desk: Desk) -> None:
    refused = Refused(fetched().due, Refusal("fetch", "HTTP 404"), b"")
    desk.publish(refused)
    desk.publish(refused)
    desk.publish(replace(refused, refusal=Refusal("extract", "the page is empty")))
    causes = [decode(topic, payload).cause for topic, _, payload in desk.sender.sent]
    assert causes == ["HTTP 404", "the page is empty"]
    assert desk.tally.refused == 2


def test_a_dead_letter_is_cut_to_what_a_message_may_hold(desk: Desk) -> None:
    long = replace(fetched().due.listed, url=URL + "\ud800" + "x" * 5_000)
    refusal = Refusal("fetch", "\x00" + "why " * 2_000)
    desk.publish(Refused(Due(long, Validators()), refusal, b"x" * 1_000_000))
    letter = decode(DEAD_TOPIC, desk.sender.sent[0][2])
    assert (len(letter.url), len(letter.cause), len(letter.raw)) == (2_000, 2_000, 65_536)


DAY, MINUTE = When(NOW.replace(hour=0), exact=False), When(NOW, exact=True)
LISTED = NOW + timedelta(minutes=2)


@pytest.mark.parametrize(
    ("page", "listed", "expected"),
    [
        (MINUTE, LISTED, NOW),
        (DAY, LISTED, LISTED),
        (None, LISTED, LISTED),
        (DAY, None, DAY.at),
        (None, None, None),
    ],
)
def test_the_most_exact_date_is_published_the_page_s_first(
    page: When | None, listed: datetime | None, expected: datetime | None
) -> None:
    assert published_at(page, Listed(URL, URL, "1", listed)) == expected
