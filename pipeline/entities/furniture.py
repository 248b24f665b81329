"""What a page says around its article: buttons, sources, rights. A name there is no mention."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.words import WORDS


def _any(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_PLACE: Final = rf"(?:{_any(WORDS.platforms)})(?![a-z0-9])"
_AND: Final = r"(?:[ \t,/|&·•，、或和及至到]|(?:and|or) ){0,6}(?:the )?"
_LIST: Final = rf"(?:the )?{_PLACE}(?:{_AND}{_PLACE}){{0,15}}"
_AGENCY: Final = rf"(?:{_any(WORDS.agencies)})"
# A page asks in a line or sentence of its own; news says that a company lost market share to Apple.
_BEGIN: Final = (
    r"(?:^|(?<=[.!?|•·。！？\])] )|(?<=[|•·。！？]))[^\w\n]{0,4}(?i:please |to |click to )?"
)
_END: Final = r"(?=[ \t]{0,4}(?:$|[.!|•·)\n。！]))"
_FEW: Final = r"(?: [\w'-]{1,20}){0,4}?"
_SHARE: Final = rf"(?i:share|tweet|post|pin|send|save|e-?mail){_FEW} (?i:on|to|via|with|in|by) "
_FOLLOW: Final = (
    rf"(?i:follow|find|join|like|message|contact) (?i:us|me|our){_FEW} (?i:on|at|via|in) "
)
_READ: Final = (
    rf"(?i:subscribe|listen|watch|read more|more|download|available|install|get it|get the app)"
    rf"{_FEW} (?i:on|in|from|at) "
)
_SIGN: Final = r"(?i:(?:log|sign) ?(?:in|up)|continue|register) (?i:with|via|using) (?:your )?"

_FURNITURE: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        *(_BEGIN + asked + _LIST + _END for asked in (_SHARE, _FOLLOW, _READ, _SIGN)),
        rf"{_BEGIN}(?i:share|follow us){_FEW} ?[:：|•-] ?{_LIST}",
        rf"^[^\w\n]{{0,20}}(?i:powered by|hosted by) {_LIST}[^\w\n]{{0,20}}$",
        rf"^[^\w\n]{{0,20}}(?:{_PLACE}[ \t|/,·•、]{{1,6}}){{1,15}}(?:{_PLACE})?[^\w\n]{{0,20}}$",
        rf"(?:分享|转发|轉發|收藏)(?:本文)?(?:(?:到|至|给)[ \t]{{0,4}}[:：]?|[:：])"
        rf"[ \t]{{0,4}}{_LIST}",
        rf"(?:关注|關注)(?:我们|我們|本报|本网|本站|官方)的?{_LIST}(?:官方)?(?:公众号|账号|帐号)?",
        rf"(?:关注|關注|打开|下载|下載|登录|扫描)[^。，,\n]{{0,8}}?{_LIST}"
        r"(?:官方)?(?:客户端|公众号|公眾號|账号|帐号|扫一扫|扫码|二维码|APP|App)",
        # Who wrote it, and whose it is.
        rf"\({_AGENCY}\)",
        r"^[^\w\n]{0,20}(?i:source|photo|image|picture|credit|graphic)s? ?[:：][^\n]{0,80}",
        r"(?i:copyright|©|\(c\)|all rights reserved)[^\n]{0,120}",
        r"\b(?i:reporting|editing|compiled|writing|additional reporting) by [^\n]{0,120}",
        r"\b(?i:advertis(?:ement|ing)) ?[:：][^\n]{0,80}",
        r"(?:来源|来自|稿源|图源|來源)[ \t]{0,4}[:：][ \t]{0,4}[^\s。；;，,)）]{1,24}",
        r"(?:责任编辑|编辑|记者|作者|校对|責任編輯)[ \t]{0,4}[:：][ \t]{0,4}[^\s。][^\n。]{0,24}",
        r"(?:版权所有|版权归|转载请注明|未经授权|版權所有)[^\n。]{0,60}",
        # Addresses.
        r"https?://\S{1,2000}|\bwww\.\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}",
        r"(?<![\w.-])[a-z0-9-]{1,63}\.(?:com|net|org|cn|hk|io|co)(?:\.[a-z]{2})?"
        r"(?:/\S{0,2000})?(?![\w])",
    )
)


def furniture(text: str) -> Iterator[tuple[int, int]]:
    """Places [start, end) of a text that belong to its page; they may overlap."""
    for pattern in _FURNITURE:
        for found in pattern.finditer(text):
            yield found.start(), found.end()
