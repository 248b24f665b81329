"""What a page says around its article: buttons, sources, rights. A name there is no mention."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.entities.words import WORDS


def _any(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


_PLACE: Final = rf"(?:{_any(WORDS.platforms)})(?![a-z0-9])"
_LIST: Final = (
    rf"(?:the )?{_PLACE}(?:[ \t,/|&·•，、或和及至到]*(?:(?:and|or) +)?(?:the )?{_PLACE})*"
)
_AGENCY: Final = rf"(?:{_any(WORDS.agencies)})"
# What a reader is asked to do, and up to where in the line; then come the places.
_DO: Final = (
    r"\b(?i:share|tweet|post|pin|send|save|email)\b[^.\n。]{0,30}?\b(?i:on|to|via|with|in|by)\s+"
)
_JOIN: Final = (
    r"\b(?i:follow|like|find|join|watch|subscribe|listen|connect|message|contact|see"
    r"|(?:read )?more)\b[^.\n。]{0,40}?\b(?i:on|to|via|with|at|from|in)\s+"
)
_SIGN: Final = (
    r"\b(?i:(?:log|sign) ?(?:in|up)|continue|register)\s+(?i:with|via|using)\s+(?:your )?"
)
_GET: Final = (
    r"\b(?i:download|available|install|get it|listen|powered|hosted|provided|supplied)\b"
    r"[^.\n。]{0,40}?\b(?i:on|in|from|by|at)\s+"
)
_SHARE_ZH: Final = (
    r"(?:点击|一键|扫码|长按|點擊)?(?:分享|转发|收藏|推荐|轉發)(?:到|至|给|本文到)?\s*[:：]?\s*"
)
_OPEN_ZH: Final = (
    r"(?:关注|打开|下载|登录|登陆|搜索|通过|扫描|扫一扫|關注|下載)"
    r"(?:我们的?|官方|本报|本网|本站)?[^。\n]{0,12}?"
)
_APP_ZH: Final = r"(?:官方)?(?:客户端|公众号|账号|帐号|扫一扫|扫码|二维码|APP|App|登录|下载)?"

_FURNITURE: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        _DO + _LIST,
        _JOIN + _LIST + r"(?=\s*(?:$|[.!|·•)\n,，。]))",
        r"\b(?i:share|follow)\b[^.\n。]{0,30}?[:：] *" + _LIST,
        _SIGN + _LIST,
        _GET + _LIST,
        rf"^[^\w\n]*(?i:share|follow us)[^\w\n]+{_LIST}[^\w\n]*$",
        rf"^[^\w\n]*(?:{_PLACE}[ \t|/,·•、]+)+(?:{_PLACE})?[^\w\n]*$",
        _SHARE_ZH + _LIST,
        _OPEN_ZH + _LIST + _APP_ZH,
        # Who wrote it, and whose it is.
        rf"\({_AGENCY}\)",
        r"^[^\w\n]*(?i:source|photo|image|picture|credit|graphic)s?\s*[:：][^\n]{0,80}",
        r"(?i:copyright|©|\(c\)|all rights reserved)[^\n]{0,120}",
        r"\b(?i:reporting|editing|compiled|writing|additional reporting)\s+by\s[^\n]{0,120}",
        r"\b(?i:advertis(?:ement|ing))\s*[:：][^\n]{0,80}",
        r"(?:来源|来自|稿源|图源|來源)\s*[:：]\s*[^\s。；;，,)）]{1,24}",
        r"(?:责任编辑|编辑|记者|作者|校对|責任編輯)\s*[:：]\s*[^\n。]{1,24}",
        r"(?:版权所有|版权归|转载请注明|未经授权|版權所有)[^\n。]{0,60}",
        # Addresses.
        r"https?://\S{1,2000}|\bwww\.\S{1,2000}|[\w.+-]{1,64}@[\w.-]{1,255}",
        r"(?<![\w.-])[a-z0-9-]{1,63}\.(?:com|net|org|cn|hk|io|co)(?:\.[a-z]{2})?(?:/\S{0,2000})?(?![\w])",
    )
)


def furniture(text: str) -> Iterator[tuple[int, int]]:
    """Places [start, end) of a text that belong to its page; they may overlap."""
    for pattern in _FURNITURE:
        for found in pattern.finditer(text):
            yield found.start(), found.end()
