"""FinCUGE FinNSP: whether a Chinese text is bad news, and for which of the companies it names."""

from models.sets.spec import Labels, Named, PublicSet, Record, negative_or_not


def _labels(record: Record) -> Labels:
    named = tuple(map(_answered, record.entities or ()))
    return Labels(sentiment=negative_or_not(record.sentiment), entities=named)


def _answered(entity: Named) -> Named:
    return Named(entity.text, negative_or_not(entity.sentiment), entity.start, entity.end)


SET = PublicSet(
    name="finnsp",
    file="fincuge_finnsp.jsonl",
    licence="none stated",
    notes="By people. Negative or not: neutral and positive are not told apart. Mostly lending "
    "platforms, forum posts with debris, long series of near-copies.",
    labels=_labels,
    hub=None,
    train_part="train",
    scale="negative",
)
