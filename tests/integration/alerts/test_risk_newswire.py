"""What risk scores say ahead of the sample newswire's alerts; `pytest -s` prints the figures."""

from datetime import UTC, datetime, timedelta

import pytest

from demo.newswire.edition import load_articles
from pipeline.alerts.risk_check import check
from tests.integration.alerts.test_newswire import told
from tests.integration.alerts.world import World

pytestmark = pytest.mark.slow

ZERO = datetime(2026, 11, 18, 0, 5, tzinfo=UTC)


def test_scores_before_an_alert_is_found_are_no_ordinary_ones(world: World) -> None:
    articles = [
        article
        for article in load_articles()
        if article.versions[0].since_minutes <= 0 and "-r" not in article.article_id
    ]
    stories = [told(next(world.numbers), article, ZERO) for article in articles]
    # As it was lived: every quarter of an hour a run, over the last six hours.
    before = ZERO - timedelta(hours=6)
    world.add([story for story in stories if story.at < before])
    while before < ZERO:
        at = before + timedelta(minutes=15)
        if new := [story for story in stories if before <= story.at < at]:
            world.add(new)
        world.run(at)
        before = at
    with world.connected() as link, link.cursor() as cursor:
        found = check(cursor, ZERO - timedelta(days=10), ZERO + timedelta(hours=2))
    assert found
    print(
        f"\n{found.issuers} issuers, {found.ordinary_hours} ordinary hours:"
        f" median {found.ordinary_median:.1f}, 95 % at most {found.ordinary_95:.1f}"
    )
    for one in found.compared:
        scores = ", ".join(f"{score:.1f}" for score in one.scores)
        print(f"{one.hours:+d} h from {one.anchor}: {scores}; exceeds {one.exceeds:.2f}")
    exceeds = {(one.anchor, one.hours): one.exceeds for one in found.compared}
    assert exceeds["found", 1] > 0.99
    assert exceeds["found", -1] > 0.9
