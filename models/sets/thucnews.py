"""THUCNews: titles of Chinese portal news by channel.

The only public set here that says in Chinese what is no financial news: sport, films, schools and
crime. Its financial channels are of several of our topics, and so are science and games, which
tell of companies' products too.
"""

from typing import Final

from models.sets.spec import Labels, PublicSet, Record

_TOPICS: Final = {
    "sports": "not_finance",
    "entertainment": "not_finance",
    "education": "not_finance",
    "society": "not_finance",
    "realty": "property",
}


def _labels(record: Record) -> Labels:
    return Labels(topic=_TOPICS.get(record.topic or ""))


SET = PublicSet(
    name="thucnews",
    file="thucnews_10c.jsonl",
    licence="research only",
    notes="By the channel of the portal. Titles of 2005 to 2011; those of property are mostly "
    "advertisements of flats. Its development part is trained on: more would teach no more.",
    labels=_labels,
    hub=None,
    train_part="valid",
)
