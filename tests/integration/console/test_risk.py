"""The risk score on the pages of an issuer, in both languages."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from pipeline.alerts.risk_run import score_issuers
from pipeline.store.connection import connect
from tests.integration.console.conftest import NOON
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import BANK, World

pytestmark = pytest.mark.slow


def score(world: World) -> None:
    link = connect(world.url, "alerts")
    score_issuers(link, NOON, NOON)
    link.close()


def test_the_alert_page_shows_the_score_of_its_issuer_and_why(
    client: TestClient, world: World, alert_id: str
) -> None:
    assert "Risk score" not in text_of(client.get(f"/alerts/{alert_id}").text)
    score(world)
    page = text_of(client.get(f"/alerts/{alert_id}").text)
    assert "7 of 7 stories in 14 days are negative" in page
    assert "how grave the bad news is, most of it: Credit and debt" in page
    assert "an open alert: " in page
    assert "Risk score by the hour" in page
    chinese = text_of(client.get(f"/alerts/{alert_id}?lang=zh").text)
    assert "风险评分" in chinese
    assert "14 天内 7 篇报道中 7 篇为负面" in chinese


def test_the_page_of_an_issuer_shows_it_and_that_of_a_topic_does_not(
    client: TestClient, world: World, alert_id: str
) -> None:
    score(world)
    assert "7 of 7 stories" in text_of(client.get(f"/trends/issuers/{BANK}").text)
    assert "Risk score" not in text_of(client.get("/trends/topics/credit_debt").text)


def test_a_calm_issuer_scores_nothing_and_unscored_hours_are_holes(
    client: TestClient, world: World, alert_id: str
) -> None:
    score(world)
    world.ask("DELETE FROM risk_score WHERE hour >= %s", NOON - timedelta(hours=1))
    page = client.get(f"/trends/issuers/{BANK}").text
    assert "0 of 100" in text_of(page)
    assert "Nothing adds to it now." in text_of(page)
    assert "url(#hole-r)" in page
