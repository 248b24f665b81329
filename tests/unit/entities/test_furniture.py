"""What a page says around its article names nobody; what the article says does."""

import pytest

from pipeline.entities.issuers import Issuer
from pipeline.entities.linker import Linker


def _issuer(entity_id: str, name: str) -> Issuer:
    return Issuer(entity_id, "issuer", name, name, ())


LINKER = Linker(
    [
        _issuer(name, name)
        for name in (
            *("Apple", "Microsoft", "Amazon", "Facebook", "LinkedIn", "Twitter", "WeChat"),
            *("腾讯", "百度", "苹果", "微博"),
        )
    ]
)


def _named(text: str) -> list[str]:
    return [text[place.start : place.end] for place in LINKER.places(text, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "Share this article on Telegram, Facebook or X",
        "Share on Facebook | X | Telegram",
        "The smelter shut. Please share on Facebook.",
        "Follow us on Facebook and WeChat.",
        "Sign in with Apple",
        "Powered by Microsoft",
        "Facebook | Twitter | LinkedIn",
        "Photo: Apple",
        "Read more at https://facebook.com/Facebook or news@Facebook.com",
        "分享到 腾讯微博 新浪微博",
        "来源：腾讯新闻",
        "打开百度App查看更多",
        "关注我们的微博",
    ],
)
def test_what_a_page_says_around_its_article_names_nobody(text: str) -> None:
    assert _named(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Orrin lost market share to Apple last year", ["Apple"]),
        ("Its app is powered by Microsoft and hosted by Amazon", ["Microsoft", "Amazon"]),
        ("We see upside at Microsoft, Amazon and Apple.", ["Microsoft", "Amazon", "Apple"]),
        ("Two engineers join from Microsoft", ["Microsoft"]),
        ("Regulators said they would follow Apple on app fees", ["Apple"]),
        ("机构推荐腾讯，通过港股通买入腾讯", ["腾讯", "腾讯"]),
        ("高盛推荐百度", ["百度"]),
        ("公司分享苹果供应链红利", ["苹果"]),
        ("投资者关注百度财报", ["百度"]),
    ],
)
def test_news_of_a_platform_is_no_furniture(text: str, names: list[str]) -> None:
    assert _named(text) == names
