"""Supported languages are found, others told apart, and what is no language is not guessed."""

import time
from pathlib import Path

import pytest

from benchmarks.languages import OWN, read, share_right
from pipeline import settings
from pipeline.language import SUPPORTED, detect

SHARED = settings.ROOT.parent / "shared" / "data"
OTHERS = ("de", "es", "fr", "id", "it", "ja", "ko", "pt", "ru", "vi")


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Bank shares fall after profit warning"),
        ("en", "Meridian Harbour Bank 9901.HK Q3 EPS 1.20"),
        ("en", "$AVNT - Avient declares $0.2375 dividend https://t.co/7tBoIs7tdA"),
        ("en", "Deutsche Bank cuts 2,000 jobs"),
        ("en", "Long $PCLN"),
        ("en", "US Retail Sales (M/M) Jul: 1.0% (est 0.9%; prev -0.3%)"),
        ("en", "Kangasala, Jyvaskyla and Hollola units will be closed, Huhtamäki Oyj said"),
        ("en", "FED CUTS RATES"),
        ("en", "𝗕𝗿𝗲𝗮𝗸𝗶𝗻𝗴: the bank has cut its dividend"),
        ("zh-Hans", "某地产商未能如期兑付到期债券"),
        ("zh-Hans", "央行宣布下调存款准备金率，释放长期资金"),
        ("zh-Hans", "鲜の每日获千万元融资"),
        ("zh-Hant", "港交所宣佈優化上市機制，業界表示歡迎"),
        ("zh-Hant", "銀行業績顯著倒退，股價應聲下跌"),
        ("zh-Hant", "恒生銀行升半成"),
        ("zh", "股市大升"),
        ("ja", "日銀は金融政策決定会合で政策金利を据え置いた"),
        ("ja", "トヨタの決算"),
        ("ja", "中国経済減速懸念"),
        ("ko", "한국은행이 기준금리를 동결했다"),
        ("ko", "SK hynix, HBM4 양산 시작"),
        ("de", "Die Bank meldet einen überraschend hohen Verlust im dritten Quartal"),
        ("de", "Private Equity greift nach Handelskette"),
        ("fr", "La banque centrale européenne maintient ses taux directeurs inchangés"),
        ("vi", "Ngân hàng Nhà nước giữ nguyên lãi suất"),
        ("fi", "Osakkeet nousivat hieman"),
        ("und", ""),
        ("und", " \n\t"),
        ("und", "12,345.67 % −0.42 $$$ 📉"),
        ("und", "https://example.com/shares-fall-after-profit-warning www.example.com/the-bank"),
        ("und", "$TSLA $NVDA @trader #stocks 600519.SS 8.89E37"),
        ("und", "AMRN"),
        ("und", "Банк России сохранил ключевую ставку"),
    ],
)
def test_a_text_is_in_the_language_it_is_written_in(lang: str, text: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("zh-Hans", "Tencent 腾讯控股 reports 业绩增长超出市场预期，营收创新高"),
        ("zh-Hans", "Ark基金减持DraftKings、Nextdoor和Robinhood，买进Roku"),
        ("zh-Hans", "苹果买下FaceTime.com域名，Xbox360销量不及预期"),
        ("en", "Shares of 腾讯 rose after the company reported better results than expected"),
        ("en", "HSBC 滙豐 Names New Finance Chief"),
        ("en", "Shimao Services 世茂服務: auditor resigns"),
        ("en", "Nintendo's スプラトゥーン outsells every other game of the year in Europe"),
        ("de", "Der Konzern 比亚迪 baut in Ungarn ein zweites Werk und senkt die Preise"),
    ],
)
def test_names_in_another_script_do_not_change_the_language(lang: str, text: str) -> None:
    assert detect(text) == lang


@pytest.mark.parametrize("name", ["zh-Hans", "zh-Hant", "mixed"])
def test_chinese_and_mixed_lines_are_told_right(name: str) -> None:
    assert share_right(read(OWN / f"{name}.jsonl")) >= 0.98


@pytest.mark.parametrize("name", OTHERS)
def test_no_line_of_another_language_is_taken_for_english_or_chinese(name: str) -> None:
    assert [t for _, t in read(OWN / f"{name}.jsonl") if detect(t) in SUPPORTED] == []


def test_the_lines_are_as_many_and_as_long_as_the_bars_ask_for() -> None:
    rows = {path.stem: read(path) for path in OWN.glob("*.jsonl")}
    texts = [text for lines in rows.values() for _, text in lines]
    assert {name: len(lines) for name, lines in rows.items()} == (
        {"zh-Hans": 200, "zh-Hant": 200, "mixed": 200} | dict.fromkeys(OTHERS, 30)
    )
    assert len(set(texts)) == len(texts)
    assert {len(text) in range(12, 121) for text in texts} == {True}


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SHARED.glob("*.jsonl")) or [None])
def test_english_and_chinese_are_told_right_on_the_shared_sets(path: Path | None) -> None:
    if path is None:
        pytest.skip(f"there are no sets in {SHARED}")
    assert share_right(read(path)) >= 0.99


def test_what_comes_after_two_thousand_characters_is_not_looked_at() -> None:
    assert detect("The bank reported a loss. " * 80 + "某地产商未能兑付债券。" * 50_000) == "en"


@pytest.mark.parametrize(
    "unit", ["a", "a-", "A.", "$a", "@", "1a", "中", "の", "가", "é", "e\u0301", "я", "\ufdfa", " "]
)
def test_a_megabyte_of_one_character_takes_no_time(unit: str) -> None:
    detect("Lees de modellen vooraf")
    begun = time.process_time()
    detect(unit * 1_000_000)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "und"])
def test_lone_surrogates_are_no_letters(lang: str) -> None:
    texts = {"en": "Bank shares fall after the warning", "zh-Hans": "银行业绩显著倒退", "und": ""}
    assert detect("\ud83d \udcc9" + texts[lang] + "\udcc9" * 50) == lang
