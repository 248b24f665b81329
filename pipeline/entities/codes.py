"""Security codes as news writes them, and the one form in which they are kept.

A code is kept as number or symbol, a dot, and the market: 600519.SH, 000001.SZ, 830799.BJ,
00700.HK (five digits), AAPL.US, INFY.NS; an ISIN (ISO 6166) stands as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.entities.words import everyday_tickers

# What a market's suffixes and prefixes are called by the exchanges, Reuters, Bloomberg and Yahoo.
_MARKETS: Final = {
    "SH": ("SH", "SS", "SSE"),
    "SZ": ("SZ", "SZSE"),
    "BJ": ("BJ", "BSE"),
    "HK": ("HK", "HKEX", "SEHK", "HKG"),
    "US": ("US", "O", "OQ", "N", "A", "K", "NYSE", "NASDAQ", "AMEX", "NYSEAMERICAN"),
    "NS": ("NS", "NSE"),
}
_MARKET_OF: Final = {name: market for market, names in _MARKETS.items() for name in names}
_US_PREFIX: Final = r"NYSE(?: American)?|NASDAQ|Nasdaq|AMEX"
_SYMBOL: Final = r"[A-Z][A-Z0-9]{0,4}(?:[.\-][ABC])?"

_ISIN: Final = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9A-Z]{9}[0-9](?![0-9A-Za-z])")
# Codes that name their market: nothing else looks like that.
_MARKED: Final = (
    re.compile(
        r"(?<![0-9A-Za-z.])(?P<n>\d{6})\.(?P<m>SH|SS|SSE|SZ|SZSE|BJ|BSE)(?![0-9A-Za-z])", re.I
    ),
    re.compile(r"(?<![0-9A-Za-z])(?P<m>sh|sz|bj)[:.]?(?P<n>\d{6})(?![0-9A-Za-z])", re.I),
    re.compile(r"(?<![0-9A-Za-z])(?P<m>SSE|SZSE|BSE): ?(?P<n>\d{6})(?![0-9A-Za-z])", re.I),
    re.compile(r"(?<![0-9A-Za-z])(?P<n>\d{6}) C[HGS](?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z.])(?P<n>\d{1,5})\.?(?P<m>HK)(?![0-9A-Za-z$])"),
    re.compile(
        r"(?<![0-9A-Za-z.])(?P<n>\d{3,5}) (?P<m>HK)(?![0-9A-Za-z$])"
        r"(?! (?:dollars?|cents?|stocks|companies|firms|residents|people|workers|jobs))"
    ),
    re.compile(r"(?<![0-9A-Za-z.])(?P<n>\d{1,5})\.(?P<m>hk|Hk)(?![0-9A-Za-z])"),
    re.compile(
        r"(?<![0-9A-Za-z])(?P<m>HKEX|SEHK|HKG|HK)(?:[:.] ?)(?P<n>\d{1,5})(?!\.?[0-9A-Za-z])", re.I
    ),
    re.compile(r"(?<![0-9A-Za-z])(?P<m>HK|hk)(?P<n>\d{4,5})(?!\.?[0-9A-Za-z])"),
    re.compile(rf"\$(?P<n>{_SYMBOL})(?![0-9A-Za-z])"),
    re.compile(rf"(?<![0-9A-Za-z])(?P<m>{_US_PREFIX}) ?[:：] ?(?P<n>{_SYMBOL})(?![0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z$])(?P<n>[A-Z]{1,5})\.(?P<m>US|OQ|O|N|NS)(?!\.?[0-9A-Za-z])"),
    re.compile(r"(?<![0-9A-Za-z$])(?P<n>[A-Z]{2,5}) (?P<m>US)(?= (?:Equity|stock|shares)|[),;])"),
)
# Six digits, or a Hong Kong code with its leading nought.
_BARE: Final = re.compile(
    r"(?<![0-9A-Za-z.,$¥￥€£\-/:_#])(?:\d{6}|0\d{3,4})(?![0-9A-Za-z%％:/\-_])"
)
_TICKER: Final = re.compile(r"(?<![0-9A-Za-z$.@#&'-])[A-Z]{2,5}(?![0-9A-Za-z&'-])")
# What a number counts, and what a number is that is no code.
_COUNTED: Final = re.compile(
    r"[.,]\d|\s*(?:[年月日时分秒点元股吨人户手张辆台套只件万亿千百倍个家名亩平米桶盎克公"
    r"美港欧英]|[a-z])"
)
_NUMBERED: Final = re.compile(
    r"(?:[第共逾约近达为超至]|号|编号|验证码|单号|电话|邮编|no\.?|order|of|#|about)\s*$", re.I
)
_SAID: Final = re.compile(
    r"(?:代码|股票|证券|code|ticker|stock|shares)\s*(?:为|是|is)?\s*[:：(（]?\s*$", re.I
)
# An index or a fund has a number too.
_NO_SHARE: Final = re.compile(r"(?:指数|指數|混合|基金|ETF|联接[AC]?|债券?)[A-C]?\s*[(（]?\s*$")
_OPENING: Final = re.compile(r"[(（\[【〔]\s*$")
_CLOSING: Final = re.compile(r"\s*[)）\]】〕]")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Spelled:
    """A code in a text."""

    # As it is kept, one for each market it may be of.
    codes: tuple[str, ...]
    start: int
    end: int
    # Whether the spelling itself says that it is a code. What only looks like one needs the name
    # of its issuer in the same text.
    certain: bool


def normal(code: str) -> str:
    """A code as it is kept; as it came where it is of no market known here."""
    plain = code.strip()
    if _ISIN.fullmatch(plain):
        return plain
    for pattern in _MARKED:
        found = pattern.fullmatch(plain)
        if found:
            return _kept(found)[0]
    if re.fullmatch(r"\d{6}", plain):
        return f"{plain}.{_mainland(plain)}"
    if re.fullmatch(_SYMBOL, plain):
        return f"{plain.replace('-', '.')}.US"
    return plain


def shown(code: str) -> str:
    """A kept code as people write it: 0700.HK with four digits, AAPL without its market."""
    number, _, market = code.rpartition(".")
    if market == "HK" and number.isdigit():
        return f"{int(number):04}.HK"
    return number if market == "US" else code


def is_isin(code: str) -> bool:
    """Whether a code has the form of an ISIN and its check digit is right."""
    if not _ISIN.fullmatch(code):
        return False
    digits = "".join(str(int(letter, 36)) for letter in code)
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def spelled(text: str) -> Iterator[Spelled]:
    """Everything in a text that is a code or looks like one; the same place may come twice."""
    for pattern in _MARKED:
        for found in pattern.finditer(text):
            yield Spelled(_kept(found), found.start(), found.end(), certain=True)
    for found in _ISIN.finditer(text):
        if is_isin(found[0]):
            yield Spelled((found[0],), found.start(), found.end(), certain=True)
    # An English text has numbers of six digits that are none.
    plain = _HAN.search(text) is not None or text.strip().isdigit()
    for found in _BARE.finditer(text):
        yield _number(text, found, plain)
    for found in _TICKER.finditer(text):
        own = len(found[0]) > 2 and found[0] not in everyday_tickers()
        certain = own and _bracketed(text, found.start(), found.end())
        yield Spelled((f"{found[0]}.US",), found.start(), found.end(), certain)


def _kept(found: re.Match[str]) -> tuple[str, ...]:
    number, given = found["n"], found.groupdict().get("m")
    market = _MARKET_OF.get((given or "").upper().replace(" ", ""))
    if market == "HK":
        return (f"{int(number):05}.HK",)
    if number.isdigit():
        return (f"{number}.{market or _mainland(number)}",)
    return (f"{number.replace('-', '.')}.{market or 'US'}",)


def _mainland(number: str) -> str:
    """The exchange that gives such numbers; 900 are the B shares of Shanghai, 200 of Shenzhen."""
    if number.startswith(("6", "9", "5")) and not number.startswith("92"):
        return "SH"
    return "BJ" if number.startswith(("4", "8", "92")) else "SZ"


def _number(text: str, found: re.Match[str], plain: bool) -> Spelled:
    start, end, number = found.start(), found.end(), found[0]
    bracketed = _bracketed(text, start, end)
    if _NO_SHARE.search(text, max(0, start - 12), start):
        return Spelled((), start, end, certain=False)
    if len(number) == 6:
        codes = (f"{number}.{_mainland(number)}",)
        counted = _COUNTED.match(text, end) or _NUMBERED.search(text, max(0, start - 8), start)
        certain = bracketed or (plain and not counted)
    else:
        codes, certain = (f"{int(number):05}.HK",), bracketed and len(number) == 5
    said = _SAID.search(text, max(0, start - 12), start) is not None
    return Spelled(codes, start, end, certain or said)


def _bracketed(text: str, start: int, end: int) -> bool:
    opened = _OPENING.search(text, max(0, start - 3), start)
    return opened is not None and _CLOSING.match(text, end) is not None
