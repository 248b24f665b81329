"""What a recipient is told."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from pipeline.alerts.delivery.layout import PLAIN, lay_out
from pipeline.alerts.delivery.message import Kind, Watch
from tests.fixtures import messages_out as out

TITLE = "[Critical] Meridian Harbour Bank 9901.HK: 9 negative stories in 1 h (usual 0–2)"


def test_the_subject_of_one_alert_is_its_title() -> None:
    assert out.message().subject == out.message().entries[0].title == TITLE
    zh = "【紧急】海港银行 9901.HK：1小时负面报道9篇（平时0–2篇）"
    assert out.message(language="zh").subject == zh


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("raised", TITLE),
        ("resolved", f"Resolved: {TITLE}"),
        ("reopened", f"Reopened: {TITLE}"),
        ("lapsed", f"Fires again: {TITLE}"),
    ],
)
def test_what_happened_is_said_first(kind: Kind, subject: str) -> None:
    assert out.message(kind=kind).subject == subject


def test_one_that_nobody_acknowledged_says_for_how_long() -> None:
    unheard = timedelta(minutes=15)
    told = out.writer().told(out.KEY, "escalated", [out.found()], unheard)
    assert told.subject == f"Not acknowledged for 15 min: {TITLE}"


def test_of_several_the_most_severe_comes_first_and_gives_the_subject() -> None:
    low, high = (out.found(n, severity=s) for n, s in ((2, "low"), (3, "high")))
    told = out.message(low, out.found(), high)
    assert [entry.severity for entry in told.entries] == ["critical", "high", "low"]
    assert told.subject == f"3 alerts, the most severe: {TITLE}"


def test_evidence_is_three_stories_that_still_hold() -> None:
    gone = replace(out.STORY, title="Corrected since", withdrawn=True)
    (entry,) = out.message(out.found(stories=(gone, *out.STORIES, out.STORY))).entries
    assert [story.headline for story in entry.stories] == [s.title for s in out.STORIES]


def test_as_text_it_reads_from_headline_to_foot() -> None:
    assert lay_out(out.message(), PLAIN, 10_000) == "\n\n".join(
        (
            "\n".join(
                (
                    TITLE,
                    "Firing",
                    " ".join(out.WHY),
                    "• Depositors queue at Meridian Harbour Bank"
                    " <https://ledger.example/a?b=1&c=2> (Harbour Ledger)",
                    "• 海港银行遭挤提 <https://caixun.example/b> (Harbour Ledger)",
                    "• Rating cut & outlook < stable <https://post.example/c_%28d%29>"
                    " (Harbour Ledger)",
                    f"Open the alert <https://tocsin.example/alerts/{UUID(int=1)}>",
                )
            ),
            "Machine-scored, not verified. Times in HKT.",
        )
    )


def test_what_does_not_fit_is_left_out_whole_and_can_be_found() -> None:
    many = [out.found(n, severity="low", subject=f"s{n:02}") for n in range(2, 30)]
    told = out.message(out.found(), *many)
    full = lay_out(told, PLAIN, 100_000)
    without_evidence = lay_out(told, PLAIN, len(full) - 4_000)
    assert "Harbour Ledger" not in without_evidence
    assert without_evidence.count("Open the alert") == 29
    short = lay_out(told, PLAIN, 1_000)
    shown = short.count("Open the alert")
    assert 0 < shown < 29
    assert f"{29 - shown} more alerts <https://tocsin.example/>" in short
    with pytest.raises(ValueError, match="not even one"):
        lay_out(told, PLAIN, 100)


def test_a_quiet_day_is_told_too() -> None:
    watch = Watch(out.NOW - timedelta(minutes=1), 1_204)
    quiet = out.writer().digest(out.KEY, [], out.NOW, watch)
    assert quiet.subject == "Daily digest, 22 Nov: no alerts"
    assert quiet.intro == (
        "No alert in the 24 h to 08:29 HKT, and none is open. Alerts were last checked 08:28 HKT;"
        " 1,204 articles came in these 24 h."
    )
    full = out.writer("zh").digest(out.KEY, [out.BANK], out.NOW, watch)
    assert full.subject == "每日简报 11月22日：1 条预警"
    assert full.entries[0].title.startswith("【紧急】海港银行")
    assert full.entries[0].why == ""


@pytest.mark.parametrize(
    ("checked_at", "said"),
    [
        (None, "Alerts have never been checked: this may be incomplete."),
        (out.NOW - timedelta(minutes=17), "Alerts have not been checked since 08:12 HKT"),
    ],
)
def test_a_quiet_day_never_looks_like_a_dead_system(checked_at: datetime | None, said: str) -> None:
    assert said in out.writer().digest(out.KEY, [], out.NOW, Watch(checked_at, 0)).intro


def test_traditional_script_is_for_our_words_and_names_and_no_headline() -> None:
    told = out.message(language="zh-Hant")
    assert told.subject == "【緊急】海港銀行 9901.HK：1小時負面報道9篇（平時0–2篇）"
    assert told.lang == "zh-Hant"
    assert "機器評分，未經核實" in told.foot
    assert told.entries[0].stories[1].headline == "海港银行遭挤提"
