"""One labelled text of any set, in our labels, and what a loss may ask of them."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from models.labels import SENTIMENTS, TOPICS

# The set of our own lines, models/corpus.
OWN: Final = "corpus"
# The answer "not negative", of sets that ask no more than whether a text is.
NOT_NEGATIVE: Final = "not_negative"

# What the sentiments of a row can tell apart: all three; only negative from positive, neutral being
# unknown; only negative from the rest.
Scale = Literal["three", "polar", "negative"]

# Of models.labels.SENTIMENTS, in their order.
Mask = tuple[bool, bool, bool]

_ANSWERS: Final[dict[str, frozenset[str]]] = {
    "three": frozenset(SENTIMENTS),
    "polar": frozenset({"negative", "positive"}),
    "negative": frozenset({"negative", NOT_NEGATIVE}),
}


class Mention(msgspec.Struct, frozen=True):
    """A named entity and what the text means for its own investors or creditors."""

    # As it stands in the text: row.text[start:end] == name.
    name: str
    # Characters from the beginning of the text.
    start: int
    end: int
    # One of models.labels.SENTIMENTS, or NOT_NEGATIVE where the row's scale is "negative".
    sentiment: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled text. What the set does not say is None, and no loss may guess it."""

    # The set's own; unique within it.
    id: str
    # Name of its set, and of its module in models.sets; OWN for our own lines.
    set: str
    # Cleaned: one line, links are the word "http".
    text: str
    lang: Literal["en", "zh"]
    # One of models.labels.TOPICS.
    topic: str | None = None
    # One of models.labels.SENTIMENTS, or NOT_NEGATIVE where the scale is "negative".
    sentiment: str | None = None
    mentions: tuple[Mention, ...] = ()
    # The set's own label, for sets that declare labels for a head of their own.
    native: str | None = None
    # Of the sentiment and of those of the mentions.
    scale: Scale = "three"
    # The set's own division; None where it has none and is cut into folds.
    split: Literal["train", "test"] | None = None
    # 0 to 4 where the set has no division of its own.
    fold: int | None = None
    # Rows of one number are near-duplicates or chains of them; numbered anew by every assembly.
    group: int = -1

    def __post_init__(self) -> None:
        if self.topic is not None and self.topic not in TOPICS:
            raise ValueError(f"{self.set} {self.id}: unknown topic {self.topic!r}")
        told = [mention.sentiment for mention in self.mentions]
        for label in [*told, *([self.sentiment] if self.sentiment else [])]:
            if label not in _ANSWERS[self.scale]:
                raise ValueError(f"{self.set} {self.id}: {label!r} on the scale {self.scale!r}")
        for mention in self.mentions:
            if self.text[mention.start : mention.end] != mention.name:
                raise ValueError(f"{self.set} {self.id}: {mention.name!r} is not at its place")


def masks(sentiment: str, scale: Scale) -> tuple[Mask, Mask]:
    """Which sentiments are right, and which were to choose from.

    The loss of a prediction p is -log(sum of p over the right / sum of p over the choices): cross
    entropy on the scale "three", the same between negative and positive alone on "polar", and that
    of yes or no on "negative".
    """
    right = {"neutral", "positive"} if sentiment == NOT_NEGATIVE else {sentiment}
    choices = {"negative", "positive"} if scale == "polar" else set(SENTIMENTS)
    return _mask(right), _mask(choices)


def on_scale(probs: Sequence[float], scale: Scale) -> dict[str, float]:
    """Probabilities of our sentiments, in their order, as those of the answers of a scale.

    On "polar" what is left for neutral is shared in proportion.
    """
    negative, _, positive = probs
    if scale == "polar":
        both = (negative + positive) or 1.0
        return {"negative": negative / both, "positive": positive / both}
    if scale == "negative":
        return {"negative": negative, NOT_NEGATIVE: 1 - negative}
    return dict(zip(SENTIMENTS, probs, strict=True))


def _mask(labels: set[str]) -> Mask:
    negative, neutral, positive = (label in labels for label in SENTIMENTS)
    return negative, neutral, positive
