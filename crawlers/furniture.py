"""Takes out of a page what stands around the article: comments, sharing, advertising, consent."""

import re
from typing import Final

from lxml.html import HtmlElement

# Words in an element's class or id that say it is not the article. Whole words: `ad` is one in
# `ad-slot` and `mid_ad`, not in `lead`.
_WORDS: Final = (
    r"ads?|advert\w*|adsense|banner-ad|sponsor\w*|promo\w*|gg|guanggao|"
    r"comments?|commentlist|disqus|discussion|replies|pinglun|guba|"
    r"share|shares|sharing|sharebar|social\w*|fenxiang|"
    r"cookies?|cookiebar|consent|gdpr|newsletter\w*|subscribe|signup|app-download|qrcode|"
    r"related|recommend\w*|trending|mostread|readmore|read-more|"
    r"sidebar|nav|navbar|navigation|breadcrumbs?|crumbs?|masthead|footer|disclaimer"
)
_FURNITURE: Final = re.compile(rf"(?:^|[\s_-])(?:{_WORDS})(?=$|[\s_-])", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TAGS: Final = {"nav", "aside", "footer", "form", "button", "dialog", "noscript", "template"}
_INVISIBLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Whatever they are called, these are what the page is there for.
_KEPT: Final = ".//h1 | .//*[@itemprop='articleBody'] | .//article | .//main"


def remove_furniture(tree: HtmlElement) -> None:
    """Drop it from `tree`, in place; never what holds the headline or the article's body.

    Metadata in the head stays.
    """
    for node in [node for node in tree.iter() if isinstance(node.tag, str)]:
        if node.getparent() is None or node.tag in {"html", "head", "body", "article", "main"}:
            continue
        if _is_furniture(node) and not node.xpath(_KEPT):
            node.drop_tree()


def _is_furniture(node: HtmlElement) -> bool:
    if node.tag in {"meta", "link", "script", "title", "h1"} or node.get("itemprop"):
        return False
    if node.tag in _TAGS or node.get("hidden") is not None or node.get("aria-hidden") == "true":
        return True
    if _INVISIBLE.search(node.get("style") or ""):
        return True
    names = f"{node.get('class') or ''} {node.get('id') or ''}"
    return bool(_FURNITURE.search(_CAMEL.sub("-", names)))
