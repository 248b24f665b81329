"""The lists of securities that exchanges' symbols come in, each row as an issuer."""

import re
from datetime import date
from typing import Final

from pipeline.entities.codes import normal
from pipeline.entities.issuers import Entry, Issuer, Security
from pipeline.entities.words import WORDS

Row = dict[str, str]

# Share classes and what else follows a company's name in a list of securities.
_CLASS: Final = re.compile(
    r"\s*(?:\(?(?:American Depositary|Depositary|ADS\b|ADR\b|Common|Ordinary|Capital Stock"
    r"|Class [A-Z]\b|Series [A-Z]\b|Units?\b|Warrants?\b|Rights?\b|Preferred|Subordinate"
    r"|New York Registry|Registered Shares|Shares of).*|\s\d[\d.]*%.*)$",
    re.IGNORECASE,
)
_REMARK: Final = re.compile(r"\s*\([^)]*\)\s*$")
# What a company's name ends with in law, and in a newspaper not.
_LEGAL: Final = re.compile(
    r",?\s+(?:Inc|Incorporated|Corp|Corporation|Company|Co|Ltd|Limited|L\.?L\.?C|L\.?P|P\.?L\.?C"
    r"|N\.?V|S\.?A|S\.?E|A\.?G|S\.?p\.?A|A/?S|ASA|Oyj|Bhd|Holdings?|Hldgs?|Hold|Group|Grp|GP|The)\.?$",
    re.IGNORECASE,
)
# Voting rights, currency counters and unprofitable biotechnology, as the exchanges mark them.
_MARK: Final = re.compile(r"-(?:S?[WSBRPUN]|SW|SB|T)$", re.IGNORECASE)
_WEIGHTED: Final = re.compile(r"^([A-Z.]+)-(?:W|S|SW)$")
_SHARE: Final = re.compile(r"[ABＡＢ]$")
_SPECIAL: Final = re.compile(r"^(?:\*?ST|S\*?ST|XD|XR|DR|N|C)(?=[\u4e00-\u9fff])")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
# A former name of so few characters is found within other words.
_SHORT: Final = 2
_CHINESE_FORM: Final = re.compile(r"(?:股份|控股|集团)(?:有限公司)?$")
# What a newspaper leaves out as well, where the rest is told by what stands around it.
_TRADE: Final = re.compile(r" (?:Motors?|Technology|Technologies|Platforms)$", re.IGNORECASE)


def mainland(row: Row) -> Entry | None:
    code = f"{row['code']}.{row['region']}"
    if not row["name"].strip():
        return None
    plain = _plain(row["name"])
    plain = plain if _is_name(plain) else row["name"]
    aliases = [row["name"], *(_plain(alias) for alias in several(row["aliases"]))]
    since = row.get("list_date", "")
    return Entry(
        Issuer(
            entity_id=code,
            kind="issuer",
            name_en="",
            name_zh=plain,
            securities=(Security(code, date.fromisoformat(since) if since else None),),
            aliases_zh=tuple(name for name in dict.fromkeys(aliases) if len(name) > _SHORT),
            short_names=tuple(
                name for name in dict.fromkeys(aliases) if len(name) <= _SHORT and _is_name(name)
            ),
        ),
        frozenset({f"zh:{plain}"}),
    )


def hong_kong(row: Row) -> Entry | None:
    if row.get("type") == "fund":
        return None
    code = f"{row['code'].zfill(5)}.HK"
    english, chinese = row["name_en"].strip(), _plain(row["name_zh_hans"].strip())
    if not _HAN.search(chinese):
        english, chinese = english or chinese, ""
    if not english and not chinese:
        return None
    bare = _MARK.sub("", english)
    keys = {f"zh:{chinese}", f"zh:{chinese.removesuffix('股份')}"} if chinese else set()
    weighted = _WEIGHTED.match(english)
    if weighted:
        # The secondary listing of what is traded in New York under that symbol.
        keys.add(f"{weighted[1]}.US")
    if " " in bare:
        keys.add(f"en:{bare.lower()}")
    if _MARK.search(english):
        keys.add(f"hk:{bare.lower()}")
    elif english:
        keys.add(f"hk:{english.lower()}")
    shorter = _CHINESE_FORM.sub("", chinese)
    usable = len(shorter) > 1 and shorter not in WORDS.no_names
    return Entry(
        Issuer(
            entity_id=code,
            kind="issuer",
            name_en=bare,
            name_zh=chinese,
            securities=(Security(code),),
            aliases_en=_shorter(bare),
            short_names=(shorter,) if usable else (),
        ),
        frozenset(keys),
    )


def american(row: Row) -> Entry | None:
    code = normal(row["symbol"].replace("/", "."))
    full = _REMARK.sub("", _CLASS.sub("", row["name"])).strip()
    short = _REMARK.sub("", _CLASS.sub("", row["short_name"])).strip() or full
    named = _REMARK.sub("", row.get("sp500_name") or "").strip()
    if not full:
        return None
    forms = [short, *_shorter(short), full, *_shorter(full), *([named] if named else [])]
    names = [name for name in dict.fromkeys(forms) if _is_name(name)]
    if not names:
        return None
    trade = [_TRADE.sub("", name) for name in names if _TRADE.search(name)]
    keys = {f"en:{name.lower().rstrip('.')}" for name in names if " " in name} | {f"us:{short}"}
    return Entry(
        Issuer(
            entity_id=code,
            kind="issuer",
            name_en=names[0],
            name_zh="",
            securities=(Security(code),),
            sector=row.get("gics_sector", ""),
            aliases_en=tuple(names),
            short_names=tuple(name for name in dict.fromkeys(trade) if _is_name(name)),
        ),
        frozenset(keys),
    )


def indian(row: Row) -> Entry | None:
    names = dict.fromkeys(
        name.removesuffix("- Old").strip()
        for name in (row["name"], *several(row["aliases"]))
        if name != row["symbol"]
    )
    every = dict.fromkeys(short for name in names for short in (name, *_shorter(name)))
    code = f"{row['symbol']}.NS"
    first = next(iter(every), "")
    if not first:
        return None
    return Entry(
        Issuer(code, "issuer", first, "", (Security(code),), aliases_en=tuple(every)),
        frozenset({f"in:{first.lower()}"}),
    )


def several(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (one.strip() for one in text.split("|"))))


def _plain(name: str) -> str:
    """A name on the exchange's tape without its marks: *ST蓝光 and 万科A."""
    bare = _SPECIAL.sub("", _MARK.sub("", name.replace(" ", "") if _HAN.search(name) else name))
    return _SHARE.sub("", bare) if _HAN.search(bare) else bare


def _shorter(name: str) -> tuple[str, ...]:
    """A name without its legal form, one word after the other."""
    found: list[str] = []
    while True:
        short = _LEGAL.sub("", name)
        if short in {name, ""}:
            return tuple(found)
        if _is_name(short):
            found.append(short)
        name = short


def _is_name(name: str) -> bool:
    return len(name) > 1 and name.lower() not in WORDS.no_names
