"""Which headlines tell a severe event, and which take it back."""

import time
from typing import get_args, get_type_hints

import pytest

from pipeline.alerts.conditions.triggers import categories, named_in
from pipeline.alerts.rules import SevereRule

STATED = [
    ("en", "Harbour Bank defaults on $300 mln bond", "default"),
    ("en", "Yunling misses $38.5 mln dollar coupon, grace period starts", "default"),
    ("en", "Peak Retail files for Chapter 11 after talks fail", "insolvency"),
    ("en", "Regulator opens probe into Castellan accounts", "probe"),
    ("en", "Shares drop 9% on fraud probe at Orrin", "fraud"),
    ("en", "SEC charges three executives with accounting fraud", "fraud"),
    ("en", "Court lifts stay, trustee alleges fraud", "fraud"),
    ("en", "Harbour Bank suspends withdrawals", "suspension"),
    ("zh", "云岭地产一笔美元票据票息逾期未付", "default"),
    ("zh", "雲嶺地產未能按期兌付到期債券", "default"),
    ("zh", "债权人提交清盘呈请 首次聆讯定于六周后", "insolvency"),
    ("zh", "清越科技遭证监会立案 涉嫌财务数据虚假记载", "probe"),
    ("zh", "董事長被帶走調查", "probe"),
    ("zh", "碧水航运被停牌 等候公告", "suspension"),
]
TAKEN_BACK = [
    ("en", "Harbour Bank has no plans to default"),
    ("en", "Harbour Bank denies fraud"),
    ("en", "Harbour Bank denies it committed any fraud"),
    ("en", "Did Harbour Bank commit fraud?"),
    ("en", "Harbour Bank could default if talks fail"),
    ("en", "Harbour Bank avoids default with last-minute deal"),
    ("en", "Regulator drops probe into Harbour Bank"),
    ("en", "Orrin exits bankruptcy with new owners"),
    ("en", "Default fears at Harbour Bank ease"),
    ("en", "Northgate cleared in five-year bribery inquiry"),
    ("zh", "海港银行否认违约"),
    ("zh", "网传海港银行违约 公司辟谣"),
    ("zh", "海港银行：不存在任何形式的债务违约"),
    ("zh", "海港銀行澄清 並無財務造假"),
    ("zh", "海港银行或将违约"),
    ("zh", "海港银行未被立案调查"),
    ("zh", "海港银行会否破产？"),
    ("zh", "海港银行违约风险下降"),
]
NOT_NAMED = [
    ("en", "Harbour Bank's defaulters list is out"),
    ("en", "New phones use its browser by default"),
    ("en", "Credit default swaps of Harbour Bank tighten"),
    ("en", "Harbour Bank buys anti-fraud start-up"),
    ("zh", "海港银行推出反欺诈系统"),
    ("zh", "企业债违约率创新低"),
    ("fr", "Harbour Bank default"),
    ("en", ""),
]


@pytest.mark.parametrize(("lang", "title", "category"), STATED)
def test_a_stated_event_is_named(lang: str, title: str, category: str) -> None:
    found = named_in(title, lang, categories())
    assert found is not None
    assert (found[0].category, found[1]) == (category, False)


@pytest.mark.parametrize(("lang", "title"), TAKEN_BACK)
def test_what_is_denied_asked_or_supposed_is_taken_back(lang: str, title: str) -> None:
    found = named_in(title, lang, categories())
    assert found is not None
    assert found[1]


@pytest.mark.parametrize(("lang", "title"), NOT_NAMED)
def test_other_words_name_nothing(lang: str, title: str) -> None:
    assert named_in(title, lang, categories()) is None


def test_a_denial_takes_back_its_own_clause_only() -> None:
    found = named_in("Harbour denies wrongdoing, regulator opens probe", "en", categories())
    assert found is not None
    assert (found[0].phrase, found[1]) == ("probe", False)


def test_a_kind_that_is_switched_off_names_nothing() -> None:
    assert named_in("Harbour Bank defaults", "en", {"fraud"}) is None


def test_the_phrase_shown_is_the_lists_and_not_the_headlines() -> None:
    found = named_in("Yunling misses <b>$38.5 mln</b> dollar coupon", "en", categories())
    assert found is not None
    assert found[0].phrase == "misses … coupon"


@pytest.mark.parametrize(
    "title", ["misses " + "a-" * 50_000, "票息" + "利" * 100_000, "default " * 20_000]
)
def test_a_hostile_headline_takes_no_time(title: str) -> None:
    named_in("warm", "en", categories())
    named_in("热", "zh", categories())
    began = time.process_time()
    for lang in ("en", "zh"):
        named_in(title, lang, categories())
    assert time.process_time() - began < 0.5


def test_a_rule_may_name_exactly_the_kinds_there_are_lists_for() -> None:
    (named,) = get_args(get_type_hints(SevereRule)["triggers"])
    assert set(get_args(named)) == categories()
