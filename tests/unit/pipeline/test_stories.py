"""Copies are one story, different events are not, and every program computes the same keys."""

import hashlib
import json

import pytest

from pipeline.settings import ROOT
from pipeline.stories import BANDS, SAME_STORY, band_keys, kind_of, signature, similarity

TITLE = "Meridian Harbour Bank draws on emergency line as deposits leave"
BODY = (
    "Meridian Harbour Bank drew the whole of its standby line at the central bank on Thursday "
    "after retail customers moved 4.1 billion dollars to rivals in two days. The bank's treasurer "
    "said the draw was a precaution and that cash covered three weeks of the present outflow. Two "
    "interbank lenders have stopped renewing overnight loans, according to people at both firms."
)
OTHER = (
    "Bonds of Meridian Harbour Bank due 2029 fell eleven cents to a record low after a rating firm "
    "put the lender on watch. Traders said no dealer quoted a firm bid before noon. The bank had "
    "no comment on the price of its debt, and its shares were suspended in the afternoon."
)
CHINESE = (
    "云岭地产未能在宽限期内支付一笔美元债利息，金额为2350万美元。"
    "公司表示正与持有人商讨展期方案，多个项目仍在停工。"
)


def alike(first: tuple[str, str], second: tuple[str, str]) -> float:
    return similarity(signature(*first), signature(*second))


@pytest.mark.parametrize(
    "copy",
    [
        (TITLE, BODY),
        (TITLE.upper(), BODY),
        (TITLE, BODY + "\nThis article first appeared in the Harbour Ledger."),
        ("UPDATE 1-" + TITLE, BODY.replace("Thursday", "Thursday (local time)")),
    ],
)
def test_a_reprint_is_the_same_story(copy: tuple[str, str]) -> None:
    assert alike((TITLE, BODY), copy) >= SAME_STORY
    assert set(band_keys(signature(TITLE, BODY))) & set(band_keys(signature(*copy)))


def test_a_chinese_reprint_is_the_same_story() -> None:
    copy = CHINESE + "（转自南方财讯）"
    assert alike(("云岭地产美元债违约", CHINESE), ("云岭地产美元债违约", copy)) >= SAME_STORY


def test_another_event_at_the_same_company_is_another_story() -> None:
    assert alike((TITLE, BODY), ("Meridian Harbour Bank bonds hit record low", OTHER)) < 0.2


def test_no_two_articles_of_the_newswire_are_one_story() -> None:
    for name in ("en", "zh"):
        path = ROOT / "demo/newswire/articles" / f"{name}.jsonl"
        items = [json.loads(line) for line in path.open(encoding="utf-8")]
        signed = [signature(item["title"], "\n".join(item["body"])) for item in items]
        pairs = ((a, b) for i, a in enumerate(signed) for b in signed[:i])
        assert max(similarity(a, b) for a, b in pairs) < SAME_STORY


@pytest.mark.parametrize("title", ["", "📉", "Fed", "央行"])
def test_a_text_without_two_words_still_has_its_keys(title: str) -> None:
    assert len(band_keys(signature(title, ""))) == BANDS


def test_texts_without_a_word_are_not_all_one_story() -> None:
    assert alike(("📉", ""), ("Ελλάδα", "")) < SAME_STORY


def test_keys_are_those_of_every_other_process() -> None:
    # They are stored: where this changes, a migration must compute story_key anew.
    keys = ",".join(map(str, band_keys(signature(TITLE, BODY))))
    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == "8f3939a7fafb8a25"


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ("correction", "Correction: Kestrel Payments client money is segregated"),
        ("correction", "CORRECTED-Kestrel holds client money"),
        ("correction", "更正：云岭地产利息已经支付"),
        ("denial", "Kestrel Payments denies report of missing client money"),
        ("denial", "Bank dismisses rumours of a run"),
        ("denial", "云岭地产发布澄清公告"),
        ("denial", "某銀行否認資金短缺"),
        ("report", "Court denies Kestrel's appeal"),
        ("report", "Regulator denied licence to Kestrel"),
        ("report", "Market correction deepens"),
        ("report", "Meridian Harbour Bank draws on emergency line"),
    ],
)
def test_what_speaks_about_earlier_reports_is_told_apart(kind: str, title: str) -> None:
    assert kind_of(title) == kind
