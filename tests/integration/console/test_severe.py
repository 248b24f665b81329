"""A severe event on the pages: what a headline says, never what it means."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from tests.integration.console.conftest import NOON
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import Story, World, surge

pytestmark = pytest.mark.slow

DEFAULT = Story(
    "Meridian Harbour misses coupon <b>on bond</b>", NOON - timedelta(hours=1), lang="en"
)


def alert_page(client: TestClient, world: World, language: str = "en") -> str:
    ((alert_id,),) = world.ask("SELECT alert_id FROM alert")
    page = client.get(f"/alerts/{alert_id}?lang={language}").text
    assert "<b>on bond</b>" not in page
    return text_of(page)


def test_title_and_why_quote_the_headline_and_its_publisher(
    client: TestClient, world: World
) -> None:
    world.add(DEFAULT)
    world.run(NOON)
    page = alert_page(client, world)
    assert (
        "Meridian Harbour Bank 88901.HK:"
        " “misses … coupon” (default) in a headline of Harbour Ledger"
    ) in page
    assert (
        "Harbour Ledger (wire) published the headline “Meridian Harbour misses coupon"
        " &lt;b&gt;on bond&lt;/b&gt;”, 11:00 HKT. It says “misses … coupon” (default):"
        " one such story from a trusted publisher is enough. 1 negative story about"
    ) in page
    chinese = alert_page(client, world, "zh")
    assert "海港银行 88901.HK：Harbour Ledger 标题出现“misses … coupon”（违约）" in chinese
    assert "重大事件" in chinese
    assert "misses … coupon” (default) in a headline" in text_of(client.get("/?lang=en").text)


def test_beside_a_surge_it_is_told_in_its_own_sentence(client: TestClient, world: World) -> None:
    for story in surge(NOON, [DEFAULT]):
        world.add(story)
    world.run(NOON)
    page = alert_page(client, world)
    assert "Meridian Harbour Bank 88901.HK: 8 negative stories in" in page
    assert "It says “misses … coupon” (default): one such story" in page
