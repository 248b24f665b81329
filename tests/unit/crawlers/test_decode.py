import pytest

from crawlers.decode import decode, one_line, visible

CHINESE = "云岭地产未能支付到期票息，债权人申请清盘。" * 5
GERMAN = "Die Sparkasse öffnet ihre Schalter künftig länger, für größere Beträge." * 5
JAPANESE = "港町の朝市が来月の第一日曜日から再開されることになった。" * 5


@pytest.mark.parametrize("declared", [None, "utf-8", "gbk", "iso-8859-1", "no-such-thing"])
def test_utf8_is_read_as_such_whatever_is_declared(declared: str | None) -> None:
    assert decode(CHINESE.encode(), declared) == CHINESE


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        (CHINESE, "gbk", "gb2312"),
        (CHINESE, "gb18030", "utf-8"),
        (CHINESE, "gb18030", None),
        (JAPANESE, "shift_jis", "shift_jis"),
        (GERMAN, "cp1252", "iso-8859-1"),
    ],
)
def test_other_encodings_are_read_by_their_name_or_by_what_fits(
    text: str, codec: str, declared: str | None
) -> None:
    assert decode(text.encode(codec), declared) == text


@pytest.mark.parametrize(
    "declared",
    ["hex", "base64", "rot13", "zlib", "undefined", "idna", "unicode_escape"],
)
def test_what_is_no_encoding_of_pages_counts_as_undeclared(declared: str) -> None:
    raw = CHINESE.encode("gb18030")
    assert decode(raw, declared) == CHINESE
    in_page = f'<meta charset="{declared}">'.encode() + raw
    assert decode(in_page, None).endswith(CHINESE)


def test_an_encoding_s_name_may_hold_anything() -> None:
    assert decode(CHINESE.encode("gb18030"), "g\0bk") == CHINESE


def test_the_page_s_own_declaration_counts_where_the_header_has_none() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">' + CHINESE
    assert decode(page.encode("gbk"), None) == page


def test_a_page_cut_in_the_middle_of_a_character_stays_readable() -> None:
    assert decode(CHINESE.encode()[:-1], "utf-8").startswith(CHINESE[:-1])


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_decides(codec: str) -> None:
    assert decode(CHINESE.encode(codec), "gbk") == CHINESE


def test_any_bytes_become_text() -> None:
    assert isinstance(decode(bytes(range(256)) * 20, "utf-8"), str)


def test_what_nobody_sees_is_left_out() -> None:
    assert visible("a\x00b\x1b[31m\u202ec\ufeff\ud800d\n\te") == "ab[31mcd\n\te"
    assert one_line("  Ha\x07rbour \u3000\n Ledger\u200b ") == "Harbour Ledger"
