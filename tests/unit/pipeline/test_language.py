"""Supported languages are found, others told apart, and what is no language is not guessed."""

import pytest

from pipeline.language import detect


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "Bank shares fall after profit warning"),
        ("en", "Meridian Harbour Bank 9901.HK Q3 EPS 1.20"),
        ("zh-Hans", "某地产商未能如期兑付到期债券"),
        ("zh-Hans", "央行宣布下调存款准备金率，释放长期资金"),
        ("zh-Hant", "港交所宣佈優化上市機制，業界表示歡迎"),
        ("zh-Hant", "銀行業績顯著倒退，股價應聲下跌"),
        ("zh", "股市大升"),
        ("ja", "日銀は金融政策決定会合で政策金利を据え置いた"),
        ("ja", "トヨタの決算"),
        ("ko", "한국은행이 기준금리를 동결했다"),
        ("de", "Die Bank meldet einen überraschend hohen Verlust im dritten Quartal"),
        ("fr", "La banque centrale européenne maintient ses taux directeurs inchangés"),
        ("und", ""),
        ("und", " \n\t"),
        ("und", "12,345.67 % −0.42 $$$ 📉"),
        ("und", "Банк России сохранил ключевую ставку"),
        ("zh-Hans", "Tencent 腾讯控股 reports 业绩增长超出市场预期，营收创新高"),
        ("en", "Shares of 腾讯 rose after the company reported better results than expected"),
    ],
)
def test_a_text_is_in_the_language_most_of_it_is_in(lang: str, text: str) -> None:
    assert detect(text) == lang


def test_what_comes_after_two_thousand_characters_is_not_looked_at() -> None:
    assert detect("The bank reported a loss. " * 80 + "某地产商未能兑付债券。" * 50_000) == "en"
