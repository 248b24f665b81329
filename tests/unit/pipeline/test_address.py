"""One article has one address, however it is spelled; two articles never share one."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.messages import MessageError, article_id, canonical_address


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("HTTPS://News.Example/a", "https://news.example/a"),
        ("https://news.example/A", "https://news.example/A"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("http://news.example:80/a", "http://news.example/a"),
        ("http://news.example:443/a", "http://news.example:443/a"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/a/", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example/a/ ", "https://news.example/a"),
        ("https://news.example/a?utm_source=x&UTM_Medium=y&fbclid=1", "https://news.example/a"),
        ("https://news.example/a?spm=1.2&id=7", "https://news.example/a?id=7"),
        ("https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2"),
        ("https://news.example/a?id=", "https://news.example/a?id="),
        ("https://reader:secret@news.example/a", "https://news.example/a"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://news.example/文章?q=%E9%93%B6", "https://news.example/文章?q=%E9%93%B6"),
    ],
)
def test_spellings_of_one_address_become_one(url: str, canonical: str) -> None:
    assert canonical_address(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example/a",
        "ftp://news.example/a",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///a",
        "https://news.example:port/",
        "https://[::1/",
        "https://news.example/\ud800",
        "https://news.example/?q=\ud800",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(MessageError, match="address"):
        canonical_address(url)


def test_queries_in_an_old_chinese_encoding_stay_apart() -> None:
    # 中 and 国 in GBK: neither is UTF-8.
    first = canonical_address("https://news.example/s?k=%D6%D0")
    second = canonical_address("https://news.example/s?k=%B9%FA")
    assert first == "https://news.example/s?k=%D6%D0"
    assert first != second


@settings(max_examples=300)
@given(st.sampled_from(["http://", "HTTPS://"]), st.text(min_size=1), st.text())
def test_a_canonical_address_stays_as_it_is(scheme: str, host: str, rest: str) -> None:
    with contextlib.suppress(MessageError):
        once = canonical_address(f"{scheme}{host}/{rest}")
        assert canonical_address(once) == once
        assert article_id(once) == article_id(canonical_address(once))


def test_an_article_id_is_what_every_program_computes() -> None:
    assert article_id("https://news.example/a") == "95bbca1f9b4bae7d73e89dc2c1be3dbe"
