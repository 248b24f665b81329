"""The sample newswire with its own labels: the expected alerts, in whatever order it arrives."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from demo.newswire.edition import Article, load_articles
from pipeline.entities.linker import Linker
from pipeline.entities.lists import read_issuers
from pipeline.settings import ROOT
from tests.integration.alerts.world import Story, World

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
CLOCKS = (
    datetime(2026, 11, 18, 0, 5, tzinfo=UTC),
    datetime(2026, 11, 22, 14, 0, tzinfo=UTC),  # a Sunday
    datetime(2026, 11, 30, 23, 50, tzinfo=UTC),  # a month's end
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # the change to summer time
)
EXPECTED = {
    ("issuer", "meridian-harbour-bank"),
    ("issuer", "yunling-property"),
    ("issuer", "kestrel-payments"),
    ("topic", "commodities"),
}
LINKER = Linker(read_issuers([ROOT / "demo" / "newswire" / "issuers.csv"]))
INSTITUTIONS = {"straits-authority", "channel-exchange"}


def told(number: int, article: Article, zero: datetime, revised: bool = False) -> Story:
    """An article as a perfect classifier would leave it."""
    version = article.versions[-1 if revised else 0]
    mentions = LINKER.link(version.title, "\n".join(version.paragraphs))
    named = [m.entity_id for m in mentions if m.relevance >= 0.5]
    return Story(
        number=number,
        at=article.published_at(zero),
        issuers=tuple(issuer for issuer in named if issuer not in INSTITUTIONS),
        topic=version.topic,
        publisher=article.publisher,
        p_negative=0.9 if version.sentiment == "negative" else 0.1,
        kind="correction" if revised else "report",
    )


@pytest.mark.parametrize("zero", CLOCKS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_a_crawl_in_any_order_raises_exactly_the_expected_alerts(
    world: World, seed: int, zero: datetime
) -> None:
    printed = [a for a in load_articles() if a.versions[0].since_minutes <= 0]
    reprints = [a for a in printed if a.thread == "reprint"]
    stories = {
        a.article_id: told(next(world.numbers), a, zero) for a in printed if a not in reprints[1:]
    }
    chance = random.Random(seed)
    arriving = chance.sample(sorted(stories), len(stories))
    for start in range(0, len(arriving), 60):
        world.add([stories[article_id] for article_id in arriving[start : start + 60]])
        world.run(zero)
        seen = {(row["subject_kind"], row["subject"]) for row in world.alerts()}
        assert seen <= EXPECTED
    for copy in reprints[1:]:
        world.copy(stories[reprints[0].article_id], copy.publisher, copy.published_at(zero))
    world.run(zero + MINUTE)
    assert {(row["subject_kind"], row["subject"]) for row in world.alerts()} == EXPECTED
    for article in printed:
        if len(article.versions) > 1:
            world.revise(
                stories[article.article_id],
                **vars(told(stories[article.article_id].number, article, zero, revised=True)),
            )
    world.run(zero + 3 * MINUTE)
    fates = {row["subject"]: row["resolved_reason"] for row in world.alerts()}
    assert fates == {subject: None for _, subject in EXPECTED} | {"kestrel-payments": "corrected"}
