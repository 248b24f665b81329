"""The pages over a real database."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from console.app import create_app
from pipeline.settings import Settings
from tests.integration.console.conftest import NOON, Hand
from tests.integration.console.world import Story, World, surge

pytestmark = pytest.mark.slow


def text_of(html: str) -> str:
    """What is read on a page, without its marks."""
    visible = re.sub(r"<(script|pre|dialog)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible))


def test_a_quiet_inbox_says_that_it_was_checked(client: TestClient, world: World) -> None:
    assert (
        "No open alerts. Checked 11:59:40 HKT, 5 of 5 sources fresh, 0 articles since 00:00."
        in text_of(client.get("/").text)
    )
    chinese = text_of(client.get("/?lang=zh").text)
    assert "暂无未结预警。11:59:40 HKT 已检查，来源 5/5 正常，0 时以来 0 篇文章。" in chinese


def test_unchecked_alerts_become_a_banner_after_three_minutes(
    client: TestClient, world: World, hand: Hand
) -> None:
    assert "Alerts not checked since" not in client.get("/").text
    hand.move(minutes=17)
    page = text_of(client.get("/trends").text)
    assert "Alerts not checked since 11:59 HKT (17 min). This page may be incomplete." in page
    assert "No open alerts as of 11:59 HKT." in text_of(client.get("/").text)


def test_an_inbox_never_checked_does_not_claim_to_be_empty(
    client: TestClient, world: World
) -> None:
    world.ask("DELETE FROM heartbeat")
    page = text_of(client.get("/").text)
    assert "Alerts have never been checked." in page
    assert "none could have been found" in page


def test_a_run_for_an_older_time_counts_as_checked_then(client: TestClient, world: World) -> None:
    world.ask("UPDATE heartbeat SET as_of = %s", NOON - timedelta(minutes=30))
    assert "Alerts not checked since 11:30 HKT (30 min)" in text_of(client.get("/").text)


def test_half_blind_is_said_on_every_page(client: TestClient, world: World, hand: Hand) -> None:
    world.visit("nanfang-caixun", NOON, "failed")
    hand.move(minutes=9)
    world.beat(hand.at)
    for source in ("harbour-ledger", "jinqiao-wang", "meridian-markets", "south-channel-post"):
        world.visit(source, hand.at)
    for path in ("/", "/trends", "/system"):
        page = text_of(client.get(path).text)
        assert "4 of 5 sources" in page
        assert "1 source silent: 南方财讯 since 11:59." in page


def test_a_source_that_the_crawl_did_not_reach_is_neither_alive_nor_silent(
    client: TestClient, world: World
) -> None:
    world.ask("DELETE FROM crawl_run WHERE source_id = 'nanfang-caixun'")
    world.visit("nanfang-caixun", NOON, "failed")
    world.ask("UPDATE crawl_run SET requests = 0 WHERE source_id = 'nanfang-caixun'")
    for path in ("/", "/system"):
        page = text_of(client.get(path).text)
        assert "4 of 5 sources" in page
        assert "silent:" not in page
    assert "not visited yet" in page


def test_an_alert_row_tells_what_how_many_and_what_is_usual(
    client: TestClient, alert_id: str
) -> None:
    page = text_of(client.get("/").text)
    assert re.search(
        r"(Low|High) Firing Meridian Harbour Bank 88901\.HK 海港银行 Short history "
        r"Credit and debt: 7 negative stories in 6 h \(usual 0(–\d)?\)",
        page,
    )
    assert "Harbour Ledger and 2 more" in page
    assert f'href="/alerts/{alert_id}"' in client.get("/").text
    assert "海港银行 88901.HK Meridian Harbour Bank" in text_of(client.get("/?lang=zh").text)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=harbour", True),
        ("q=88901", True),
        ("q=credit", True),
        ("q=Depositors", True),
        ("q=%25", False),
        ("q=copper", False),
        ("state=resolved", False),
        ("page=2", False),
    ],
)
def test_alerts_are_found_by_name_code_topic_and_headline(
    client: TestClient, alert_id: str, query: str, found: bool
) -> None:
    page = client.get(f"/?{query}").text
    assert (alert_id in page) is found


def test_a_search_without_result_says_what_it_hides(client: TestClient, alert_id: str) -> None:
    page = text_of(client.get("/?q=copper").text)
    assert "Nothing matches. 1 open alert is hidden by filters. Clear" in page


def test_the_alert_page_explains_itself(client: TestClient, alert_id: str) -> None:
    page = text_of(client.get(f"/alerts/{alert_id}").text)
    assert "7 different negative stories about credit and debt at Meridian Harbour Bank" in page
    assert "0 of 14 days of history" in page
    assert "almost certain negative 0.97" in page
    assert "alert from 5" in page
    assert "surge, version 1" in page
    assert "weights 9f8e7d6c5b4a3928" in page
    assert "Found: 7 negative stories in 6 h, 3 publishers" in page
    assert "Sources silent at the time none" in page


def test_a_story_that_went_into_another_says_so(
    client: TestClient, world: World, alert_id: str
) -> None:
    world.ask(
        "WITH shown AS (UPDATE alert_evidence SET withdrawn = true WHERE story_id ="
        " (SELECT max(story_id::text)::uuid FROM alert_evidence) RETURNING story_id)"
        " UPDATE story SET merged_into = (SELECT min(story_id::text)::uuid FROM alert_evidence)"
        " FROM shown WHERE story.story_id = shown.story_id"
    )
    page = text_of(client.get(f"/alerts/{alert_id}").text)
    assert page.count("The same event as another story, counted there") == 1
    assert "Withdrawn" not in page


def test_hostile_news_stays_text(client: TestClient, world: World) -> None:
    hostile = Story(
        '<script>alert("title")</script><img src=x onerror=alert(1)>',
        NOON - timedelta(minutes=2),
        url="javascript:alert(document.domain)",
        sentence="</mark><script>alert(2)</script>",
    )
    world.add(hostile)
    for story in surge(NOON):
        world.add(story)
    world.run(NOON)
    ((alert_id,),) = world.ask("SELECT alert_id FROM alert WHERE subject_kind = 'issuer'")
    for path in ("/", f"/alerts/{alert_id}", "/trends/topics/credit_debt", f"/?q={hostile.title}"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
    assert "&lt;script&gt;alert" in client.get(f"/alerts/{alert_id}").text
    assert 'rel="noopener noreferrer"' in client.get(f"/alerts/{alert_id}").text


def test_an_alert_page_weighs_at_most_100_kb_whatever_is_published(
    client: TestClient, world: World
) -> None:
    long = surge(NOON, count=50)
    for place, story in enumerate(long):
        world.add(
            replace(
                story,
                at=NOON - timedelta(minutes=place),
                title="<\"&'>" * 400,
                url="https://news.example/" + "a" * 1_979,
                sentence="险" * 2_000,
                lang="zh",
            )
        )
    world.run(NOON)
    ((alert_id,),) = world.ask("SELECT alert_id FROM alert WHERE subject_kind = 'issuer'")
    page = client.get(f"/alerts/{alert_id}")
    assert len(page.content) <= 100_000
    assert "Show the next 12" in page.text
    second = client.get(f"/alerts/{alert_id}?page=5").text
    assert "Back to the first" in second
    assert second.count('class="story"') == 2


def test_a_chart_that_fails_leaves_the_evidence(
    client: TestClient, alert_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.charts.counts.draw", lambda *_: 1 / 0)
    page = text_of(client.get(f"/alerts/{alert_id}").text)
    assert re.search(
        r"The chart did not load\. The stories below are complete\. .* Ref \w{4}", page
    )
    assert "Depositors queue at branch 3" in page


def test_trends_show_volume_and_net_sentiment(client: TestClient, alert_id: str) -> None:
    for path in ("/trends?by=hours", "/trends?by=days", "/trends?of=issuers"):
        page = text_of(client.get(path).text)
        assert re.search(r"(Credit and debt|Meridian Harbour Bank 88901\.HK) 7 −1\.00", page)
    detail = text_of(client.get("/trends/issuers/meridian-harbour-bank").text)
    assert "7 in all, of them 7 negative and 0 positive." in detail
    assert "Depositors queue at branch 3" in detail
    assert "信用债务" in client.get("/trends/topics/credit_debt?by=days&lang=zh").text


def test_the_system_page_adds_up(client: TestClient, world: World) -> None:
    world.batch(scored=30, copy=4, unchanged=3, unscored=2, dead=1)
    world.dead_letter("no title found <b>", NOON)
    page = client.get("/system").text
    assert "It adds up: 40 read, 40 with an outcome." in text_of(page)
    assert "no title found &lt;b&gt;" in page
    assert "topic-sentiment-1" in page
    assert "champion" in text_of(page)
    assert "金桥财经网 portal jinqiao-wang alive" in text_of(page)


def test_the_system_page_shows_the_newest_changes_and_whether_they_hold(
    client: TestClient, world: World, alert_id: str
) -> None:
    client.post(f"/alerts/{alert_id}/acknowledge")
    page = text_of(client.get("/system").text)
    assert re.search(r"The newest \d+ of \d+ entries hold", page)
    assert "tocsin_console alert event added" in page
    assert "预警事件" in client.get("/system?lang=zh").text
    world.ask("UPDATE audit SET program = 'nobody' WHERE seq = (SELECT max(seq) - 1 FROM audit)")
    page = text_of(client.get("/system").text)
    assert "记录链已断裂，命令 tocsin audit verify 会指出位置。" in page


@pytest.mark.parametrize(
    "path", ["/nope", "/alerts/1", "/alerts/00000000-0000-0000-0000-000000000000", "/?state=odd"]
)
def test_what_is_not_there_is_said_in_the_readers_language(
    client: TestClient, world: World, path: str
) -> None:
    page = client.get(path, headers={"accept-language": "zh-CN"})
    assert page.status_code == 404
    assert "页面不存在" in page.text
    assert "已检查" in page.text


def test_choices_are_remembered(client: TestClient, world: World) -> None:
    assert '<html lang="zh-Hans" data-theme="dark">' in client.get("/?lang=zh&theme=dark").text
    assert '<html lang="zh-Hans" data-theme="dark">' in client.get("/system").text


def test_a_failure_has_a_number_and_the_same_headers(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.inbox.reading.alerts", lambda *_: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert re.search(r"The error was logged\. Ref \w{4}", text_of(answer.text))
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_without_a_database_every_page_says_so(configured: Settings, world: World) -> None:
    away = replace(configured, outside_database="postgresql://x:y@127.0.0.1:9/none")
    with TestClient(create_app(away), base_url="http://127.0.0.1:18000") as client:
        for path in ("/", "/system", "/pulse"):
            page = client.get(path)
            assert page.status_code == 503
            assert "The database does not answer." in text_of(page.text)
        assert client.get("/healthz").status_code == 503
        assert "ref" in client.get("/api/alerts").json()


def test_a_restarted_database_is_found_again(client: TestClient, world: World) -> None:
    assert client.get("/").status_code == 200
    world.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'tocsin-console' AND datname = current_database()"
    )
    assert client.get("/").status_code == 200
