"""An alert in words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.phrases import Phrases
from pipeline.store.shapes import Contribution, Visit
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words
from tests.fixtures.messages_out import BANK, NOW

RARE = Contribution("issuer", "bank", 60, NOW, 9, 0.5, 5, 1 / (24 * 245))
RULE = {
    "baseline_days": 14,
    "cold_start": {"stories": 5, "publishers": 3, "window_minutes": 360},
}


def phrases(language: str = "en") -> Phrases:
    words = Words(language)  # type: ignore[arg-type]
    return Phrases(words, Clock(ZoneInfo("Asia/Hong_Kong"), words, NOW))


def test_the_title_is_a_count_with_its_usual_range() -> None:
    assert phrases().title(BANK) == (
        "[Critical] Meridian Harbour Bank 9901.HK: 9 negative stories in 1 h (usual 0–2)"
    )
    assert phrases("zh").title(BANK) == "【紧急】海港银行 9901.HK：1小时负面报道9篇（平时0–2篇）"


def test_a_surge_within_one_topic_names_it() -> None:
    alert = replace(BANK, within_topic=True)
    topic = phrases().topic(BANK.topic).lower()
    assert (
        phrases()
        .title(alert)
        .startswith(f"[Critical] Meridian Harbour Bank 9901.HK, {topic}: 9 negative stories in 1 h")
    )
    assert f"海港银行 9901.HK（{phrases('zh').topic(BANK.topic)}）：" in phrases("zh").title(alert)


def test_why_says_what_where_when_from_whom_and_how_rare() -> None:
    assert " ".join(phrases().why(BANK, RARE, RULE)) == (
        "9 different negative stories about credit and debt at Meridian Harbour Bank in the 1 h to "
        "08:12 HKT, from 6 publishers. Usual for such a window: 0–2. 9 or more is expected by "
        "chance about once in 8 months."
    )
    assert "".join(phrases("zh").why(BANK, RARE, RULE)) == (
        "截至 08:12 HKT 的1小时内，海港银行（信用债务）出现 9 篇不同的负面报道，来自 6 家媒体。"
        "同样时段平时为 0–2 篇。若出于偶然，9 篇及以上约 8 个月才有一次。"
    )


REPORTED = {
    "category": "default",
    "phrase": "misses … coupon",
    "title": "MHB misses\u202e coupon, says evil.example",
    "publisher": "Harbour Ledger",
    "tier": "wire",
    "at": NOW.isoformat(),
}


def test_a_severe_event_is_told_by_what_a_headline_says_and_whose_it_is() -> None:
    alert = replace(BANK, condition="severe", detail=REPORTED)
    assert phrases().title(alert) == (
        "[Critical] Meridian Harbour Bank 9901.HK:"
        " “misses … coupon” (default) in a headline of Harbour Ledger"
    )
    assert phrases("zh").title(alert) == (
        "【紧急】海港银行 9901.HK：Harbour Ledger 标题出现“misses … coupon”（违约）"
    )
    first, *_ = phrases().why(alert, RARE, RULE)
    assert first.startswith("Harbour Ledger (wire) published the headline “MHB misses coupon, says")
    assert "evil.\u2060example" in first
    assert "\u202e" not in first


def test_a_condition_beside_a_surge_has_its_own_sentence() -> None:
    severe = replace(RARE, condition="severe", detail=REPORTED)
    (said,) = phrases().beside(BANK, [RARE, severe])
    assert "“misses … coupon” (default): one such story" in said
    assert phrases().beside(replace(BANK, condition="severe", detail=REPORTED), [severe]) == []


def test_a_slow_burn_is_a_count_of_days_and_what_they_add_up_to() -> None:
    detail = {"since": (NOW - timedelta(days=6)).isoformat(), "net": 24, "usual": -3, "score": 7.5}
    alert = replace(BANK, condition="slow_burn", window_minutes=6 * 1440, detail=detail)
    assert phrases().title(alert).endswith(": 9 negative stories in 6 days (usual 0–2)")
    first, second, third, *_ = phrases().why(alert, RARE, RULE)
    assert first.startswith("A slow burn: since 16 Nov 08:29 HKT negative minus positive stories")
    assert "are 24, where −3 is usual." in first
    assert "in the 6 days to" in second
    assert third == "Usual for such a window: 0–2."
    assert phrases("zh").why(alert, RARE, RULE)[0].startswith("持续走弱：自 11月16日 08:29 HKT 起")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"cold_start": True, "baseline_days": 2.0},
            "2 of 14 days of history. Until 4 Dec a fixed rule applies: 5 stories, 3 publishers, "
            "6 h.",
        ),
        ({"historical": True}, "Found late: surge 07:29 HKT, found 08:29 HKT. Nobody was told."),
        ({"origin": "replay"}, "From replayed news: nobody was told."),
        ({"copies": 1}, "1 copy is not counted."),
    ],
)
def test_what_is_unusual_about_an_alert_is_said(changes: dict[str, Any], said: str) -> None:
    assert said in phrases().why(replace(BANK, **changes), RARE, RULE)


def test_what_chance_alone_would_not_do_in_a_century_is_not_given_a_number() -> None:
    never = replace(RARE, p_value=1e-12)
    assert "less than once in 100 years" in phrases().why(BANK, never, RULE)[1]
    assert "百年也不到一次" in phrases("zh").why(BANK, never, RULE)[1]


def test_a_resolved_alert_says_when_and_why() -> None:
    resolved = replace(BANK, state="resolved", resolved_at=NOW, resolved_reason="corrected")
    assert phrases().state(resolved) == "Resolved (corrected) 08:29 HKT"
    assert phrases("zh").state(resolved) == "08:29 HKT 已解除（报道已更正）"


def test_a_brief_says_of_which_day_it_is() -> None:
    assert "\nAs of 22 Nov 2026 08:29 HKT\n" in phrases().brief(BANK, ["Why."], [], "http://t/1")


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.95, "almost certain"),
        (0.9499, "likely"),
        (0.80, "likely"),
        (0.60, "possible"),
        (0.5, "unsure"),
    ],
)
def test_confidence_is_a_word(probability: float, said: str) -> None:
    assert phrases().confidence(probability) == said


def test_silent_sources_are_named_with_their_hour_and_many_are_counted() -> None:
    at = NOW - timedelta(hours=2)
    silent = [
        ("南方财讯", Visit("n", NOW, "failed", at)),
        ("Post", Visit("p", NOW, "failed", None)),
    ]
    assert phrases().silent(silent) == (
        "2 sources silent: 南方财讯 since 06:29, Post (never answered)."
    )
    assert (
        phrases()
        .silent(silent * 3)
        .endswith("Post (never answered), 南方财讯 since 06:29, 3 more.")
    )
