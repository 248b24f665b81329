"""The console in a real browser: what an analyst sees, clicks and types."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from console.app import create_app
from ops.probe import free_port
from pipeline import settings
from tests.integration.console.world import NEWSWIRE, Story, World, surge

pytestmark = pytest.mark.slow

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A loaded machine is slow, which is no fault of the console's.
expect.set_options(timeout=15_000)
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script> bank run'


class Console:
    """A served console that can be stopped and started again."""

    def __init__(self, database_url: str) -> None:
        folder = (NEWSWIRE / "sources",)
        self._settings = replace(
            settings.load({}), outside_database=database_url, source_dirs=folder
        )
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        config = uvicorn.Config(
            create_app(self._settings),
            host="127.0.0.1",
            port=self._port,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)


@dataclass
class Desk:
    """One analyst's screen on the console, and the world behind it."""

    page: Page
    world: World
    console: Console

    def see(self, path: str = "/") -> Page:
        self.page.goto(self.console.url + path)
        return self.page

    def ring(self, subject: str = "meridian-harbour-bank") -> str:
        """A surge about a company is found now; the alert's id."""
        now = datetime.now(UTC)
        for story in surge(now):
            self.world.add(replace(story, subject=subject))
        self.world.run(now)
        ((alert_id,),) = self.world.ask("SELECT alert_id FROM alert WHERE subject = %s", subject)
        return str(alert_id)

    def state(self) -> tuple[str, str | None]:
        (row,) = self.world.ask("SELECT state, resolved_reason FROM alert ORDER BY subject LIMIT 1")
        return row


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def served(database_url: str) -> Iterator[tuple[World, Console]]:
    world, console = World(database_url), Console(database_url)
    console.start()
    yield world, console
    console.stop()
    world.close()


@pytest.fixture
def desk(browser: Browser, served: tuple[World, Console]) -> Iterator[Desk]:
    world, console = served
    world.empty()
    now = datetime.now(UTC)
    world.beat(now)
    for source in ("harbour-ledger", "jinqiao-wang", "meridian-markets", "nanfang-caixun"):
        world.visit(source, now)
    world.visit("south-channel-post", now)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # A violation of the content security policy is an error of the browser's console.
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
    )
    yield Desk(page, world, console)
    context.close()
    assert complaints == []


def test_an_analyst_acknowledges_takes_it_back_and_calls_it_false(desk: Desk) -> None:
    desk.ring()
    page = desk.see()
    page.get_by_role("link", name="Meridian Harbour Bank").click()
    expect(page.locator("h1")).to_contain_text("Meridian Harbour Bank 88901.HK: 7 negative")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".top .state")).to_have_text("Acknowledged")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".top .state")).to_have_text("Firing")
    expect(page.locator("#toast")).to_have_count(0)
    page.get_by_role("button", name="False alarm").click()
    expect(page.locator(".top .state")).to_contain_text("Resolved (false alarm)")
    expect(page.locator("#toast")).to_contain_text("Marked as a false alarm")
    assert desk.state() == ("resolved", "false_alarm")


def test_undo_is_offered_for_ten_seconds(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/alerts/{alert_id}")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.locator("#toast")).to_have_count(0)


def test_everything_can_be_done_with_keys(desk: Desk) -> None:
    desk.ring()
    page = desk.see()
    page.keyboard.press("j")
    expect(page.locator(".alert.selected")).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".alert .state")).to_have_text("Acknowledged")
    expect(page.locator(".alert.selected")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#alert")).to_be_visible()
    page.wait_for_load_state()  # a page shows before it listens to keys
    page.keyboard.press("t")
    expect(page.locator("details.table[open]")).to_have_count(3)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile(r"/$"))
    page.wait_for_load_state()
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile(r"/trends$"))


def test_an_alert_is_silenced_by_key_or_button_and_the_silence_ended(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile(rf"/alerts/{alert_id}/silence$"))
    page.get_by_role("button", name="Silence").click()
    expect(page).to_have_url(re.compile(r"/silence$"))  # a comment is needed
    page.get_by_label("24 hours").check()
    page.get_by_label("Comment").fill("known since yesterday")
    page.get_by_role("button", name="Silence").click()
    expect(page.locator(".top .kept")).to_contain_text("by analyst: known since yesterday")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".top .kept")).to_have_count(0)
    page.get_by_role("link", name="Silence").click()
    page.get_by_label("Comment").fill("again")
    page.get_by_role("button", name="Silence").click()
    expect(page.locator(".top .kept")).to_be_visible()
    desk.see()
    expect(page.locator(".alerts .alert")).to_have_count(0)
    page.get_by_role("link", name="Silenced 1").click()
    expect(page.locator(".alert .tag").first).to_contain_text("Silenced until")
    desk.see("/system")
    page.get_by_role("button", name="End now").click()
    expect(page.get_by_text("ended by analyst").first).to_be_visible()
    expect(page.locator("#toast")).to_contain_text("The silence was ended.")
    desk.see()
    page.locator(".alert").get_by_role("link", name="Silence").click()
    expect(page).to_have_url(re.compile(r"/silence$"))


def test_an_alert_is_acknowledged_until_it_worsens(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/alerts/{alert_id}")
    page.get_by_role("link", name="Until…").click()
    page.get_by_label("it worsens").check()
    page.get_by_label("Comment").fill("calling the desk")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".top .state")).to_have_text("Acknowledged until it worsens")
    expect(page.locator(".top .kept")).to_contain_text("calling the desk")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".top .state")).to_have_text("Firing")


def test_keys_are_letters_in_a_field(desk: Desk) -> None:
    desk.ring()
    page = desk.see()
    page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.type("fa")
    expect(page.locator("#search")).to_have_value("fa")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=fa"))
    assert desk.state() == ("firing", None)


def test_a_wrong_label_is_said_in_a_dialog(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/alerts/{alert_id}")
    for _ in range(2):
        page.keyboard.press("j")
    page.keyboard.press("w")
    title = page.locator(".story.selected h3").inner_text()
    expect(page.locator("#label-story")).to_have_text(title)
    page.get_by_label("neutral").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".story", has_text=title)).to_contain_text("You said: neutral")


def test_the_brief_is_copied_with_headline_links_and_origin(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/alerts/{alert_id}")
    page.keyboard.press("c")
    expect(page.locator("#copy")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("[Low] Meridian Harbour Bank 88901.HK: 7 negative stories in 6 h")
    assert copied.count("https://news.example/") == 3
    assert "Rule surge version 1, model topic-sentiment-1" in copied
    assert copied.endswith(f"/alerts/{alert_id}")


def test_a_title_with_markup_stays_text(desk: Desk) -> None:
    now = datetime.now(UTC)
    desk.world.add(Story(HOSTILE, now, url="javascript:document.title=3", p_negative=0.99))
    alert_id = desk.ring()
    for path in ("/", f"/alerts/{alert_id}", "/trends/topics/credit_debt"):
        page = desk.see(path)
        expect(page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
        assert page.title().endswith("Tocsin")
        assert page.locator("main img").count() == 0
        assert page.locator('a[href^="javascript"]').count() == 0


@pytest.mark.parametrize(
    ("language", "heading", "button"),
    [("en", "7 negative stories in 6 h", "False alarm"), ("zh", "6小时负面报道7篇", "误报")],
)
def test_both_languages_are_complete(desk: Desk, language: str, heading: str, button: str) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/?lang={language}")
    assert page.locator(".alert").first.evaluate("row => row.offsetHeight") == 96
    desk.see(f"/alerts/{alert_id}")
    expect(page.locator("h1")).to_contain_text(heading)
    expect(page.get_by_role("button", name=button)).to_be_visible()
    interface = page.locator("header, .actions, aside, h2, figcaption, footer").all_inner_texts()
    chinese = re.search(r"[\u4e00-\u9fff]{2}", "".join(interface))
    assert bool(chinese) == (language == "zh")


@pytest.mark.parametrize("width", [375, 1000, 1440])
def test_no_page_is_wider_than_its_screen(desk: Desk, width: int) -> None:
    alert_id = desk.ring()
    desk.page.set_viewport_size({"width": width, "height": 800})
    pages = ("/", "/trends", "/trends/topics/credit_debt", "/system", "/system/rules", "/no")
    alerts = (f"/alerts/{alert_id}{part}" for part in ("", "/silence", "/acknowledge"))
    for path in (*pages, *alerts):
        page = desk.see(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_on_a_phone_the_actions_stay_in_reach(desk: Desk) -> None:
    alert_id = desk.ring()
    desk.page.set_viewport_size({"width": 375, "height": 700})
    page = desk.see(f"/alerts/{alert_id}")
    page.mouse.wheel(0, 2_000)
    for name in ("Acknowledge", "Resolve", "False alarm"):
        button = page.get_by_role("button", name=name)
        expect(button).to_be_in_viewport()
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_a_new_alert_comes_in_at_the_top_and_is_tinted(desk: Desk) -> None:
    page = desk.see()
    expect(page.locator(".alerts .empty")).to_be_visible()
    # A subject of this test's own: the console must not know the alert from the test before.
    desk.ring("castellan-insurance")
    expect(page.locator(".alert.new .subject")).to_have_text("Castellan Insurance")
    expect(page.locator("#count")).to_have_text("1")
    expect(page.locator(".alert.new")).to_have_count(0)


def test_rows_do_not_move_under_the_reader(desk: Desk) -> None:
    desk.ring()
    page = desk.see()
    page.keyboard.press("j")
    desk.ring("yunling-property")
    expect(page.locator("#pill")).to_have_text("1 new")
    expect(page.locator(".alert")).to_have_count(1)
    page.keyboard.press(".")
    expect(page.locator(".alert")).to_have_count(2)
    expect(page.locator(".alert .subject").first).to_have_text("Yunling Property Group")


def test_an_open_alert_page_says_that_it_changed(desk: Desk) -> None:
    alert_id = desk.ring()
    page = desk.see(f"/alerts/{alert_id}")
    page.wait_for_timeout(300)
    desk.world.ask("UPDATE alert SET state = 'acknowledged', owner = 'other'")
    expect(page.locator("#changed")).to_be_visible()
    page.locator("#changed").click()
    expect(page.locator(".top .state")).to_have_text("Acknowledged")


def test_lost_updates_are_said_until_they_are_back(desk: Desk) -> None:
    page = desk.see()
    page.wait_for_timeout(300)
    desk.console.stop()
    expect(page.locator("#lost")).to_have_text(
        re.compile(r"Live updates stopped \d\d:\d\d HKT\. Reconnecting\.")
    )
    desk.console.start()
    expect(page.locator("#lost")).to_be_hidden()


def test_pages_work_without_scripts(browser: Browser, desk: Desk) -> None:
    alert_id = desk.ring()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk.console.url}/alerts/{alert_id}")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".top .state")).to_have_text("Acknowledged")
    context.close()


def test_themes_are_really_different(desk: Desk) -> None:
    grounds = [
        desk.see(f"/?theme={theme}").evaluate("getComputedStyle(document.body).backgroundColor")
        for theme in ("light", "dark")
    ]
    assert grounds == ["rgb(246, 247, 249)", "rgb(16, 21, 27)"]


def test_the_pulse_goes_on_beating_on_an_open_page(desk: Desk) -> None:
    page = desk.see()
    before = page.locator(".pulse a").first.inner_text()
    desk.world.beat(datetime.now(UTC) + timedelta(seconds=2))
    expect(page.locator(".pulse a").first).not_to_have_text(before)


def test_a_rule_is_tried_changed_and_set_back(desk: Desk) -> None:
    desk.ring()
    page = desk.see("/system")
    page.get_by_role("link", name="Rules").click()
    stories = page.get_by_label("Short history: stories")
    stories.fill("0")
    page.get_by_role("button", name="Preview").click()
    # The browser itself says what is wrong, and sends nothing.
    assert stories.evaluate("field => field.validity.rangeUnderflow")
    stories.fill("9")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview h3")).to_have_text(
        "Last week this rule would have rung 0 times (the rule in force: 1)."
    )
    expect(page.locator("#preview")).to_contain_text("No more: Meridian Harbour Bank")
    expect(stories).to_have_value("9")
    page.get_by_label("Windows, in minutes").fill("15 50")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator("#wrong")).to_contain_text("Nothing was saved.")
    page.get_by_label("Windows, in minutes").fill("15 60")
    page.get_by_label("Why").fill("too many small ones")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator("#force")).to_contain_text("version 2")
    expect(page.locator("#v-2")).to_contain_text("too many small ones")
    expect(page.locator("#v-2")).to_contain_text("Short history: stories: 5 → 9")
    page.locator("#v-1").get_by_role("button", name="Put in force again").click()
    expect(page.locator("#force")).to_contain_text("version 3")
    assert desk.world.ask("SELECT version, actor FROM rule JOIN rule_version USING (version)") == [
        (3, "analyst")
    ]
