"""From records as they were published to rows: cleaned, placed, each text once."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from models.data import Example
from models.errors import ModelError
from models.sets.clean import Cleaned, clean
from models.sets.row import OWN, Mention, Row
from models.sets.spans import Span, find, nearest
from models.sets.spec import Named, PublicSet, Record

# Why rows or mentions are left out, and how many.
Dropped = Counter[str]

# A label of copies that disagree is believed where this share of them has it.
_MAJORITY: Final = 2 / 3
_SAME: Final = re.compile(r"\bhttp\b|[^\w]|_")


@dataclass(frozen=True)
class Rows:
    """A set's usable rows, and what of it is not used."""

    rows: list[Row]
    dropped: Dropped


def read_rows(public: PublicSet, records: Iterable[Record]) -> Rows:
    """The rows of a set. Raises ModelError where a label is none that the set can have."""
    dropped: Dropped = Counter()
    found = []
    for record in records:
        try:
            row = _row(public, record, dropped)
        except ValueError as error:
            raise ModelError(f"{public.name}, {record.id}: {error}") from error
        if not sameness(row.text):
            dropped["no text"] += 1
        elif not (row.topic or row.sentiment or row.mentions or row.native):
            dropped["no label of ours"] += 1
        else:
            found.append(row)
    return Rows(_distinct(found, dropped), dropped)


def own_rows(examples: Sequence[Example]) -> list[Row]:
    """Our own lines as rows of a set; their texts are as they are."""
    return [
        Row(
            id=example.id,
            set=OWN,
            text=example.text,
            lang=example.lang,
            topic=example.topic,
            sentiment=example.sentiment,
            mentions=tuple(
                Mention(example.text[span[0] : span[1]], span[0], span[1], entity.sentiment)
                for entity, span in zip(
                    example.entities,
                    find(example.text, [entity.name for entity in example.entities]),
                    strict=True,
                )
                if span
            ),
        )
        for example in examples
    ]


def sameness(text: str) -> str:
    """What two copies of one text share: its letters and digits without case and links."""
    return _SAME.sub("", text.casefold())


def _row(public: PublicSet, record: Record, dropped: Dropped) -> Row:
    labels = public.labels(record)
    cleaned = clean(record.text)
    split: Literal["train", "test"] | None = None
    if public.train_part:
        split = "train" if record.split == public.train_part else "test"
    return Row(
        id=record.id,
        set=public.name,
        text=cleaned.text,
        lang=record.lang,
        topic=labels.topic,
        sentiment=labels.sentiment,
        mentions=_mentions(cleaned, labels.entities, dropped),
        native=labels.native,
        scale=public.scale,
        split=split,
    )


def _mentions(cleaned: Cleaned, entities: Sequence[Named], dropped: Dropped) -> tuple[Mention, ...]:
    names = [clean(entity.text).text for entity in entities]
    found: dict[Span, str | None] = {}
    for entity, name, span in zip(entities, names, find(cleaned.text, names), strict=True):
        if entity.start is not None:
            span = _told(cleaned, name, entity.start)
        if span is None or not name:
            dropped["entity not in the text"] += 1
        elif found.setdefault(span, entity.sentiment) != entity.sentiment:
            found[span] = None
            dropped["entity of two sentiments"] += 1
    return tuple(
        Mention(cleaned.text[start:end], start, end, sentiment)
        for (start, end), sentiment in sorted(found.items())
        if sentiment
    )


def _told(cleaned: Cleaned, name: str, offset: int) -> Span | None:
    start = cleaned.at(offset)
    if cleaned.text.startswith(name, start):
        return start, start + len(name)
    return nearest(cleaned.text, name, start)


def _distinct(rows: Sequence[Row], dropped: Dropped) -> list[Row]:
    """One row a text; of copies on both sides of the division, one held out."""
    copies: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        copies[sameness(row.text)].append(row)
    found = []
    for group in copies.values():
        dropped["copy of another row"] += len(group) - 1
        held_out = [row for row in group if row.split == "test"] or group
        label, votes = Counter(map(_label, held_out)).most_common(1)[0]
        if votes < _MAJORITY * len(held_out):
            dropped["copies of several labels"] += 1
        else:
            found.append(next(row for row in held_out if _label(row) == label))
    return found


def _label(row: Row) -> tuple[object, ...]:
    told = tuple((mention.name, mention.sentiment) for mention in row.mentions)
    return row.topic, row.sentiment, row.native, told
