"""The small Markdown of DingTalk and WeCom, which know no way to escape a character."""

import re
from typing import Final

from pipeline.alerts.delivery.layout import Markup

# Their full-width forms look alike and mean nothing.
_WIDE: Final = str.maketrans("<>*_`#\\|~", "＜＞＊＿｀＃＼｜～")
_BRACKETS: Final = str.maketrans("[]", "［］")
# Words in brackets are a link only with what follows at once.
_BEFORE_ADDRESS: Final = re.compile(r"\](?=[\[(:])")


def _text(text: str) -> str:
    return _BEFORE_ADDRESS.sub("］", text.translate(_WIDE))


def _link(words: str, address: str) -> str:
    return f"[{words.translate(_WIDE).translate(_BRACKETS)}]({address})"


SIMPLE_MARKDOWN: Final = Markup(
    text=_text, strong=lambda text: f"**{_text(text)}**", link=_link, line="\n\n"
)
