"""The real spiders on the real sites: what is printed arrives, once, as it was written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from demo.newswire.messages import raw_articles
from demo.newswire.publishers import PUBLISHERS
from pipeline.messages import RawArticle, canonical_address
from tests.integration.crawlers.world import World, Yield, open_world

pytestmark = pytest.mark.slow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FURNITURE = [
    "ookies",
    "Share to",
    "Advertisement",
    "ADVERTISEMENT",
    "READ MORE",
    "newsletter",
    "Most read",
    "investment advice",
    "vineyard",
    "Thieves, the lot",
    "分享到",
    "广告",
    "责任编辑",
    "免责声明",
    "客户端",
    "热门推荐",
    "血汗钱",
    "涨停！",
]


@dataclass
class History:
    """Three crawls of one newswire."""

    world: World
    # A minute after time zero, another minute later, and when revisions and revisits are due.
    first: Yield
    second: Yield
    third: Yield


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with open_world(tmp_path_factory.mktemp("crawl")) as world:
        first = world.crawl()
        world.minutes = 1.99
        second = world.crawl()
        world.minutes = 5
        yield History(world, first, second, world.crawl())


def timeless(article: RawArticle) -> RawArticle:
    return msgspec.structs.replace(article, fetched_at=EPOCH)


def printed(world: World, minutes: float) -> list[RawArticle]:
    world.minutes = minutes
    return [timeless(item) for item in raw_articles(world.newswire.zero, world.now, ports(world))]


def ports(world: World) -> tuple[int, ...]:
    return world.newswire.ports


def faulty(world: World) -> dict[str, str]:
    """Names of the faulty pages by canonical address."""
    return {canonical_address(fault.entry.url): fault.name for fault in world.newswire.faults}


def test_every_article_arrives_exactly_once_as_it_was_written(history: History) -> None:
    faults = faulty(history.world)
    arrived = [timeless(item) for item in history.first.articles if item.url not in faults]
    expected = printed(history.world, 1)
    assert len(expected) > 300
    assert Counter(item.url for item in arrived) == Counter(item.url for item in expected)
    wrong = [item for item in arrived if item not in expected]
    assert wrong == []


def test_every_article_is_keyed_by_its_id(history: History) -> None:
    keys = {key for topic, key, _ in history.first.messages if topic == "news.raw.v1"}
    assert keys == {item.article_id for item in history.first.articles}


@pytest.mark.parametrize("words", FURNITURE)
def test_nothing_around_an_article_is_taken_for_its_text(history: History, words: str) -> None:
    assert [item.url for item in history.first.articles if words in item.body] == []


def test_every_faulty_page_is_published_as_its_own_or_refused_with_its_cause(
    history: History,
) -> None:
    articles = {item.url: item for item in history.first.articles}
    letters = {letter.url: letter for letter in history.first.letters}
    for fault in history.world.newswire.faults:
        if fault.refused:
            stage, words = fault.refused
            letter = letters.pop(fault.entry.url)
            assert letter.stage == stage, fault.name
            assert words in letter.cause, fault.name
        else:
            article = articles[canonical_address(fault.entry.url)]
            assert (article.title, article.body, article.published_at) == (
                fault.title,
                fault.body,
                fault.published,
            ), fault.name
    assert letters == {}


def test_every_source_tells_what_its_visit_yielded(history: History) -> None:
    runs = history.first.told
    assert runs == history.first.runs
    assert set(runs) == set(PUBLISHERS)
    assert {run.status for run in runs.values()} == {"ok"}
    assert sum(run.published for run in runs.values()) == len(history.first.articles)
    assert sum(run.refused for run in runs.values()) == len(history.first.letters)
    assert all(run.started_at <= run.ended_at for run in runs.values())


def test_a_second_crawl_publishes_nothing_and_asks_for_little(history: History) -> None:
    assert (history.second.articles, history.second.letters) == ([], [])
    runs = history.second.runs.values()
    assert set(history.second.runs) == set(PUBLISHERS)
    # Lists that did not change, and two more tries of what was refused.
    assert sum(run.not_modified for run in runs) >= 5
    assert sum(run.requests for run in runs) < 25


def test_a_third_crawl_publishes_what_was_corrected_and_what_is_new(history: History) -> None:
    before = {item.url: item for item in printed(history.world, 1)}
    now = {item.url: item for item in printed(history.world, 5)}
    changed = {url: item for url, item in now.items() if item != before.get(url)}
    arrived = {item.url: timeless(item) for item in history.third.articles}
    assert arrived == changed
    assert sum(item.title.startswith(("Correction: ", "更正：")) for item in arrived.values()) == 6


def test_a_revisited_page_that_did_not_change_costs_a_304(history: History) -> None:
    runs = history.third.runs.values()
    asked, unchanged = sum(run.requests for run in runs), sum(run.not_modified for run in runs)
    assert asked > 300
    # The rest: nine new texts, pages that link to a corrected headline, the lists, and a last try
    # of what was refused.
    assert asked - unchanged < 60


def test_nothing_was_written_to_stderr(history: History) -> None:
    assert [crawl.errors for crawl in (history.first, history.second, history.third)] == [""] * 3
