"""Bytes of a page to text, whatever encoding it claims to be in."""

import codecs
import re
import unicodedata
from typing import Final

from charset_normalizer import from_bytes

_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# Browsers read these names as their larger relatives, and pages are made to look right in them.
_AS_BROWSERS: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "big5": "big5hkscs",
}
# Python's own, which no page is written in; decoding "idna" takes time by the square of its length.
_NOT_OF_PAGES: Final = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}
_UNTOLD: Final = ("gb18030", "big5hkscs", "cp1252", "shift_jis", "euc_kr", "euc_jp")
# A page in UTF-8 that was cut or patched has a few broken characters; one in another encoding has
# hardly any whole ones. Share of the non-ASCII characters.
_BROKEN: Final = 0.02
# What an encoding is guessed from.
_SAMPLE: Final = 20_000

# Controls, what turns the direction of text around, zero-width spaces and non-characters: nothing
# a reader sees, and a database or a terminal may choke on.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff]"
)


def decode(raw: bytes, declared: str | None) -> str:
    """The text of a page; `declared` is the encoding its HTTP header names, if any.

    Bytes that are valid UTF-8 are UTF-8, whatever the page claims: no other encoding looks like it
    by chance. Then what is declared counts if it fits, and a guess where it does not.
    """
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(marked, errors="replace")
    text = raw.decode("utf-8", errors="replace")
    if _few_broken(text):
        return text
    for name in (declared, _in_page(raw)):
        codec = _codec(name)
        if codec and codec != "utf-8":
            try:
                return raw.decode(codec)
            # A LookupError for what turns bytes into bytes: hex, base64, zlib.
            except (UnicodeError, LookupError):
                continue
    best = from_bytes(raw[:_SAMPLE], cp_isolation=list(_UNTOLD)).best()
    return raw.decode(best.encoding if best else "cp1252", errors="replace")


def _few_broken(text: str) -> bool:
    broken = text.count("\ufffd")
    return broken == 0 or broken < _BROKEN * sum(character > "\x7f" for character in text)


def _in_page(raw: bytes) -> str | None:
    match = _META.search(raw[:4096])
    return match[1].decode("ascii") if match else None


def _codec(name: str | None) -> str | None:
    try:
        found = codecs.lookup(name or "").name
    # A ValueError for a name with a zero byte in it.
    except (LookupError, ValueError):
        return None
    if found.replace("_", "-") in _NOT_OF_PAGES:
        return None
    return _AS_BROWSERS.get(found, found)


def visible(text: str) -> str:
    """`text` without characters that nobody sees; line breaks and tabs stay."""
    return _UNSEEN.sub("", text)


def one_line(text: str) -> str:
    """`text` as one line: only visible characters, composed, every run of space a single one."""
    return " ".join(visible(unicodedata.normalize("NFC", text)).split())
