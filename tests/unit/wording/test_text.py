"""Text from outside."""

import pytest

from pipeline.wording.text import cut, safe_link


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
