"""The rules page: what is in force, what a change would do, and that no change is lost."""

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from console import preview
from pipeline.alerts import rulebook, rules
from pipeline.alerts.rule_fields import fields
from pipeline.store import delivery
from pipeline.store.connection import connect
from tests.integration.console.conftest import NOON
from tests.integration.console.test_pages import text_of
from tests.integration.console.world import World, surge

pytestmark = pytest.mark.slow

PAGE = "/system/rules"
RULE = rulebook.rule_of(rules.shipped()["surge"])


@pytest.fixture
def ruled(world: World) -> World:
    """A world in which a run has imported the shipped rule."""
    world.run(NOON)
    return world


def form(**changed: Any) -> dict[str, Any]:
    """What a browser sends of the shipped rule."""
    shown = {f.path: f.chosen if f.kind == "choices" else f.text for f in fields(RULE)}
    return shown | {"based_on": "1", "comment": "too many", "do": "save"} | changed


def versions(world: World) -> list[Any]:
    return world.ask("SELECT version, actor, comment FROM rule_version ORDER BY version")


def test_the_rule_is_told_in_both_languages(client: TestClient, ruled: World) -> None:
    shown = text_of(client.get(PAGE).text)
    assert "In force version 1" in shown
    assert "holds 4 or more different negative stories from 2 or more publishers" in shown
    assert "Least probability that a story is negative" in shown
    chinese = text_of(client.get(PAGE, params={"lang": "zh"}).text)
    assert "有 4 篇及以上不同负面报道" in chinese
    assert "现行规则" in chinese


def test_before_the_first_run_there_is_no_rule_to_change(client: TestClient, world: World) -> None:
    assert "No rule yet" in text_of(client.get(PAGE).text)
    assert client.post(PAGE, data=form()).status_code == 303
    assert versions(world) == []


def test_a_change_is_saved_with_who_and_why(client: TestClient, ruled: World) -> None:
    answer = client.post(PAGE, data=form(min_stories="6"))
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert versions(ruled) == [(1, "tocsin", ""), (2, "analyst", "too many")]
    assert ruled.ask("SELECT version FROM rule") == [(2,)]
    shown = text_of(client.get(PAGE).text)
    assert "holds 6 or more" in shown
    assert "Least stories in a window: 4 → 6" in shown
    for story in surge(NOON, count=5):
        ruled.add(story)
    ruled.run(NOON)
    ruled.add(surge(NOON, count=8)[7])
    assert ruled.ask("SELECT count(*) FROM alert WHERE rule_version <> 2") == [(0,)]


def test_what_cannot_be_used_stays_as_typed_and_is_marked(client: TestClient, ruled: World) -> None:
    page = client.post(PAGE, data=form(alpha="5", min_stories="many")).text
    assert "Nothing was saved: 2 fields cannot be used." in text_of(page)
    assert 'value="many"' in page
    assert "Write a number between 0 and 1." in text_of(page)
    assert page.count('aria-invalid="true"') == 2
    whole = text_of(client.post(PAGE, data=form(windows_minutes="50")).text)
    assert "a window of 50 minutes does not divide a day" in whole
    assert "say why" in text_of(client.post(PAGE, data=form(comment=" ", min_stories="6")).text)
    assert "says the same" in text_of(client.post(PAGE, data=form()).text)
    assert len(versions(ruled)) == 1


def test_an_edit_made_meanwhile_is_not_overwritten(client: TestClient, ruled: World) -> None:
    client.post(PAGE, data=form(min_stories="6", comment="first"))
    page = text_of(client.post(PAGE, data=form(min_stories="5", comment="second")).text)
    assert "somebody else changed the rule meanwhile" in page
    assert len(versions(ruled)) == 2
    # It is told so again, until it starts from the page as it is now.
    again = client.post(PAGE, data=form(min_stories="5", comment="second"))
    assert again.status_code == 200


def test_an_earlier_version_is_set_in_force_again(client: TestClient, ruled: World) -> None:
    client.post(PAGE, data=form(min_stories="6"))
    answer = client.post(f"{PAGE}/restore", data={"version": "1", "based_on": "2"})
    assert answer.headers["location"] == PAGE
    assert versions(ruled)[2] == (3, "analyst", "Version 1 again")
    twice = client.post(f"{PAGE}/restore", data={"version": "1", "based_on": "2"})
    assert twice.headers["location"] == f"{PAGE}?refused=same"
    assert "says the same" in text_of(client.get(f"{PAGE}?refused=same").text)
    assert client.post(f"{PAGE}/restore", data={"version": "9", "based_on": "3"}).status_code == 404
    assert len(versions(ruled)) == 3


def test_a_version_with_other_fields_is_shown_and_not_set_in_force(
    client: TestClient, ruled: World
) -> None:
    ruled.ask("UPDATE rule_version SET body = body || '{\"guard_minutes\": 60}'")
    body = rulebook.body_of(RULE)
    ruled.ask(
        "INSERT INTO rule_version (rule_id, version, body) VALUES ('surge', 2, %s)",
        json.dumps(body | {"min_stories": 7}),
    )
    page = text_of(client.get(PAGE).text)
    assert "guard_minutes: 60 → —" in page
    assert "Least stories in a window: 4 → 7" in page
    answer = client.post(f"{PAGE}/restore", data={"version": "1", "based_on": "2"})
    assert answer.headers["location"] == f"{PAGE}?refused=outdated"


def told(world: World) -> None:
    link = connect(world.url, "console")
    delivery.put_recipients(link, {"desk": {"channel": "slack", "to": {"url": "URL"}}})
    link.close()


def test_a_preview_says_how_often_it_would_have_rung_and_for_whom(
    client: TestClient, ruled: World
) -> None:
    told(ruled)
    for story in surge(NOON - timedelta(days=2)):
        ruled.add(story)
    stricter = {"cold_start.stories": "9"}
    page = text_of(client.post(PAGE, data=form(do="preview", comment="") | stricter).text)
    assert "Last week this rule would have rung 0 times (the rule in force: 1)." in page
    assert "desk 1 0" in page
    assert "No more: Meridian Harbour Bank" in page
    same = text_of(client.post(PAGE, data=form(do="preview")).text)
    assert "would have rung once (the rule in force: 1)" in same
    assert "The same alerts, found at the same times." in same
    assert len(versions(ruled)) == 1
    assert ruled.ask("SELECT count(*) FROM alert") == [(0,)]


def test_a_preview_that_takes_too_long_is_said_to(
    client: TestClient, ruled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for story in surge(NOON - timedelta(days=2)):
        ruled.add(story)
    monkeypatch.setattr(preview, "LIMIT", timedelta(milliseconds=1))
    page = text_of(client.post(PAGE, data=form(do="preview", min_stories="6")).text)
    assert "No preview: it took longer than" in page
    assert re.search(r"would have rung", page) is None


def test_what_analysts_did_is_counted_by_version_and_severity(
    client: TestClient, ruled: World
) -> None:
    assert "No alert was raised yet." in text_of(client.get(PAGE).text)
    for number, subject in enumerate(
        ("kestrel-payments", "yunling-property", "castellan-insurance")
    ):
        for story in surge(NOON):
            ruled.add(replace(story, subject=subject, url=f"https://news.example/{number}"))
    ruled.run(NOON)
    alerts = [str(one) for (one,) in ruled.ask("SELECT alert_id FROM alert ORDER BY subject")]
    assert len(alerts) == 3
    client.post(f"/alerts/{alerts[0]}/acknowledge")
    client.post(f"/alerts/{alerts[1]}/false-alarm")
    shown = text_of(client.get(PAGE).text)
    assert "1 Low 3 1 1 0.50 (0.09–0.91)" in shown
    # A false alarm is a label too, and what is taken back counts no more.
    assert ruled.ask("SELECT field, value FROM label") == [("alert", "false_alarm")]
    client.post(f"/alerts/{alerts[1]}/undo")
    assert "1 Low 3 1 0 1.00 (0.21–1.00)" in text_of(client.get(PAGE).text)


def test_other_peoples_text_is_shown_and_not_obeyed(client: TestClient, ruled: World) -> None:
    client.post(PAGE, data=form(min_stories="6", comment="<script>alert(1)</script>"))
    page = client.get(PAGE).text
    assert html.escape("<script>alert(1)</script>") in page
    assert "<script>alert" not in page
    assert client.post(PAGE, data={f"a{n}": "" for n in range(500)}).status_code == 422


def test_a_viewer_elsewhere_cannot_change_it(client: TestClient, ruled: World) -> None:
    answer = client.post(
        PAGE, data=form(min_stories="6"), headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    assert len(versions(ruled)) == 1
