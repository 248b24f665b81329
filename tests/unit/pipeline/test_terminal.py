"""News must not command the terminal it is printed on."""

from datetime import timedelta

import pytest

from crawlers.check import Checked
from pipeline.cli import crawl, main
from pipeline.cli.errors import CommandError
from pipeline.cli.terminal import plain
from pipeline.messages import CrawlRun, RefusedArticle, Rights
from pipeline.sources import Source
from tests.unit.pipeline.making import NOW, WIRE, article

# Clears the screen, turns the text around, rings.
HOSTILE = "Bank\x1b[2J\u202edliaf\x07 [bold]银行"
SHOWN = "Bank·[2J·dliaf· [bold]银行"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HOSTILE, SHOWN),
        ("存款　外流 📉 naïve “quoted”", "存款 外流 📉 naïve “quoted”"),
        ("a\tb\r\nc\u2028d\xa0e", "a b  c d e"),
        ("\x9b31m\u2066\u200b\ufeff\ud800\x7f", "·31m·····"),
    ],
)
def test_what_steers_a_terminal_is_shown_as_a_dot(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert plain(plain(text)) == shown


def test_lines_stay_where_they_are_asked_for() -> None:
    assert plain("one\n\x1btwo\r\n", lines=True) == "one\n·two \n"


def test_the_causes_of_a_crawl_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run = CrawlRun(
        run_id="0" * 32,
        source_id="harbour-ledger",
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=1),
        requests=1,
        not_modified=0,
        published=0,
        refused=0,
        status="failed",
        error=HOSTILE,
        expected_per_day=1,
    )
    crawl._print_runs([run])
    assert SHOWN in capsys.readouterr().out


def test_what_a_tried_page_says_does_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = Source(
        source_id="harbour-ledger",
        publisher=WIRE,
        kind="feed",
        urls=("https://ledger.example/feed",),
        language="en",
        rights=Rights(),
        expected_per_day=1,
        digest="",
    )
    refused = RefusedArticle(
        source_id="harbour-ledger", url="https://x/\x1b]0;", stage="fetch", cause=HOSTILE, at=NOW
    )
    found = article(HOSTILE, HOSTILE, lang_hint=HOSTILE)
    for checked in (Checked(source, 1, (HOSTILE,), found), Checked(source, 1, (), refused)):
        crawl._print_check(checked)
        said = capsys.readouterr().out
        assert SHOWN in said
        assert not {"\x1b", "\u202e", "\x07"} & set(said)


def test_the_sentence_a_command_ends_with_does_not_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise CommandError(f"{HOSTILE}\nand more")

    monkeypatch.setattr(main, "build", lambda: fails)
    with pytest.raises(SystemExit):
        main.main()
    assert capsys.readouterr().err == f"tocsin: {SHOWN}\nand more\n"
