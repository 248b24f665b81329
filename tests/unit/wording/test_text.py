"""Text from outside."""

import pytest

from pipeline.wording.text import cut, defused, safe_link, sealed_link, unlinked


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "//evil.example/x",
        "http:///x",
        "http://[::1",
        "",
    ],
)
def test_only_web_addresses_are_followed(address: str) -> None:
    assert safe_link(address) is None


def test_web_addresses_stay_as_they_are() -> None:
    assert safe_link("https://news.example/a?b=c") == "https://news.example/a?b=c"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert cut("short", 5) == "short"
    assert cut("longer text", 7) == "longer…"


@pytest.mark.parametrize(
    ("address", "sealed"),
    [
        ("https://news.example/a?b=c&d=1#e", "https://news.example/a?b=c&d=1#e"),
        ("https://news.example/@desk/a", "https://news.example/@desk/a"),
        (
            "https://news.example/a) [x](http://evil.example",
            "https://news.example/a%29%20%5Bx%5D%28http://evil.example",
        ),
        ("https://news.example/a_(b)", "https://news.example/a_%28b%29"),
        ("https://news.example/a|b>c\"d'e*f`", "https://news.example/a%7Cb%3Ec%22d%27e%2Af%60"),
        ("https://news.example/快讯", "https://news.example/%E5%BF%AB%E8%AE%AF"),
        ("https://bank.example@evil.example/", None),
        ("https://ｅvil.example/", None),
        ("javascript:alert(1)", None),
        ("https://news.example/" + "a" * 1_000, None),
    ],
)
def test_a_link_in_a_message_ends_no_markup_and_names_no_other_host(
    address: str, sealed: str | None
) -> None:
    assert sealed_link(address) == sealed


def test_text_of_others_calls_nobody_and_links_nowhere() -> None:
    hostile = "Pay\u202e now\n@everyone \x1b[31m at https://evil.example, evil.example.\u200b 1.4bn"
    assert defused(hostile, 200) == (
        "Pay now ＠everyone [31m at https:\u2060//evil.\u2060example, evil.\u2060example. 1.4bn"
    )
    assert defused("x" * 300, 200) == "x" * 199 + "…"


def test_what_is_unlinked_reads_as_before() -> None:
    assert unlinked("Harbour Bank 9901.HK: 1.4bn").replace("\u2060", "") == (
        "Harbour Bank 9901.HK: 1.4bn"
    )
