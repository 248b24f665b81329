"""The sample newswire as messages, without its site: what a crawler would have published."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from demo.newswire.edition import Article, Version, load_articles, moment
from demo.newswire.publishers import PUBLISHERS, consecutive, origins
from pipeline.messages import RawArticle, article_id, canonical_address
from pipeline.sources import Source, load_sources


def raw_articles(
    zero: datetime, at: datetime, ports: Sequence[int] | None = None
) -> Iterator[RawArticle]:
    """Every version of every article that is in print by `at`, in the order they appeared.

    `fetched_at` is the moment a version appeared. `zero` and `at` carry a time zone.
    """
    served = origins(ports or consecutive())
    due = [
        (moment(zero, version), article, version)
        for article in load_articles()
        for version in article.versions
        if moment(zero, version) <= at
    ]
    for since, article, version in sorted(due, key=lambda item: item[0]):
        yield raw_article(article, version, zero, since, served[article.publisher])


def raw_article(
    article: Article, version: Version, zero: datetime, fetched_at: datetime, origin: str
) -> RawArticle:
    """One version as the message that its crawl leads to."""
    source = _sources()[article.publisher]
    url = canonical_address(origin + article.path)
    return RawArticle(
        article_id=article_id(url),
        url=url,
        source_id=source.source_id,
        publisher=source.publisher,
        kind=source.kind_of(url),
        title=version.title,
        body="\n".join(version.paragraphs),
        lang_hint=PUBLISHERS[article.publisher].language,
        published_at=article.published_at(zero),
        fetched_at=fetched_at,
        rights=source.rights,
    )


@cache
def _sources() -> dict[str, Source]:
    return load_sources([Path(__file__).parent / "sources"])
