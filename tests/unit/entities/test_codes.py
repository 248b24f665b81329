"""Security codes, however they are spelled."""

import pytest

from pipeline.entities.codes import is_isin, normal, shown, spelled


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("600519", "600519.SH"),
        ("sh600519", "600519.SH"),
        ("SH600519", "600519.SH"),
        ("600519.SS", "600519.SH"),
        ("600519.SH", "600519.SH"),
        ("sz000001", "000001.SZ"),
        ("000001.SZ", "000001.SZ"),
        ("300750 CH", "300750.SZ"),
        ("830799.BJ", "830799.BJ"),
        ("920748", "920748.BJ"),
        ("900901", "900901.SH"),
        ("200002", "200002.SZ"),
        ("0700.HK", "00700.HK"),
        ("700 HK", "00700.HK"),
        ("00700.HK", "00700.HK"),
        ("HK:0700", "00700.HK"),
        ("HKEX: 700", "00700.HK"),
        ("HK00700", "00700.HK"),
        ("$AAPL", "AAPL.US"),
        ("AAPL.US", "AAPL.US"),
        ("AAPL.O", "AAPL.US"),
        ("BABA.N", "BABA.US"),
        ("NASDAQ: AAPL", "AAPL.US"),
        ("NYSE: BRK.B", "BRK.B.US"),
        ("$BRK-B", "BRK.B.US"),
        ("US0378331005", "US0378331005"),
    ],
)
def test_every_spelling_comes_to_one_form(text: str, code: str) -> None:
    assert normal(text) == code
    certain = {one.codes for one in spelled(f"{text}") if one.certain}
    assert (code,) in certain


@pytest.mark.parametrize("code", ["7203.T", "SHEL.L", "NOVO-B.CO", "005930.KS"])
def test_a_code_of_another_market_stays_as_it_is(code: str) -> None:
    assert normal(code) == code


@pytest.mark.parametrize(
    "text",
    [
        "产量达600000吨",
        "编号 002594 的订单",
        "售价600519元",
        "第300024号",
        "The plant made 600000 tonnes",
        "Call 600519 now",
        "at 0700 hours",
        "in 2007",
        "5 HK dollars and 300 HK cents",
        "ISIN US0378331004",
        "electric vehicles (EV) and an IPO (USA)",
    ],
)
def test_a_mere_number_or_word_is_not_surely_a_code(text: str) -> None:
    assert [text[one.start : one.end] for one in spelled(text) if one.certain] == []


def test_a_code_in_brackets_is_one() -> None:
    text = "Kweichow Moutai (600519) and Orrin (ORRX) rose"
    assert {one.codes[0] for one in spelled(text) if one.certain} == {"600519.SH", "ORRX.US"}


def test_the_check_digit_of_an_isin_counts() -> None:
    assert is_isin("US5949181045")
    assert not is_isin("US5949181046")
    assert not is_isin("5949181045")


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        ("00700.HK", "0700.HK"),
        ("80700.HK", "80700.HK"),
        ("AAPL.US", "AAPL"),
        ("BRK.B.US", "BRK.B"),
        ("600519.SH", "600519.SH"),
        ("SHEL.L", "SHEL.L"),
        ("US0378331005", "US0378331005"),
    ],
)
def test_a_code_is_shown_as_people_write_it(kept: str, code: str) -> None:
    assert shown(kept) == code
