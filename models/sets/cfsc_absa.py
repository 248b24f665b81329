"""CFSC: sentences of Chinese financial news, the sentiment of companies, markets, places named."""

from models.sets.spec import Labels, PublicSet, Record, of_text


def _labels(record: Record) -> Labels:
    known = of_text(record)
    # Its other classes (company, share, market) say what is named, not what the news is about.
    topic = "macro" if record.topic == "Economy" else None
    return Labels(topic=topic, sentiment=known.sentiment, entities=known.entities)


SET = PublicSet(
    name="cfsc_absa",
    file="cfsc_absa_test.jsonl",
    licence="none stated",
    notes="By people. A sentence has a sentiment where all its entities agree; some of them are "
    "missing, because the set was divided by entity. Monthly statistics of regions come in series.",
    labels=_labels,
    hub=None,
    train_part=None,
)
