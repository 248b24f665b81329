"""A set is judged by the answers it knows, head by head."""

from collections.abc import Sequence

import pytest

from models.labels import TOPICS
from models.mentions import Spans
from models.runtime.protocol import EntityPrediction, Prediction
from models.sets.measure import measure_sets
from models.sets.row import NOT_NEGATIVE, Mention, Row


class _Says:
    """Answers every text alike."""

    model_id = "says"
    weights_digest = ""

    def __init__(self, sentiment: tuple[float, float, float], own: str = "Macro") -> None:
        self._sentiment = sentiment
        self._own = own
        self.asked: list[Spans] = []

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        found = []
        for spans in mentions or [()] * len(texts):
            self.asked += spans
            said = EntityPrediction(self._sentiment, read=True)
            topics = tuple(1.0 if topic == "macro" else 0.0 for topic in TOPICS)
            own = {"tfn_topic": {"Macro": 0.1, "IPO": 0.2, self._own: 0.7}}
            entities = (said,) * len(spans)
            found.append(Prediction(topics, self._sentiment, None, entities, own))
        return found


def _row(**fields: object) -> Row:
    return Row(**{"id": "1", "set": "tfns", "text": "Acme falls, Acme", "lang": "en"} | fields)


def test_two_answers_are_judged_between_themselves() -> None:
    says = _Says((0.2, 0.7, 0.1))
    polar = [_row(set="wwwxmu", sentiment=said, scale="polar") for said in ("negative", "positive")]
    (found,) = measure_sets(says, polar)
    assert found.heads["sentiment"]["en"].accuracy.value == 0.5
    assert found.heads["sentiment"]["en"].classes["negative"].recall == 1


def test_what_is_not_mostly_negative_is_not_negative() -> None:
    rows = [_row(set="finnsp", sentiment=NOT_NEGATIVE, scale="negative")]
    assert _accuracy(_Says((0.45, 0.3, 0.25)), rows) == 1
    assert _accuracy(_Says((0.55, 0.3, 0.15)), rows) == 0


def _accuracy(says: _Says, rows: list[Row]) -> float:
    (found,) = measure_sets(says, rows)
    return found.heads["sentiment"]["en"].accuracy.value


def test_an_entity_is_asked_about_at_all_places_of_its_name_and_counts_once() -> None:
    says = _Says((0.9, 0.1, 0.0))
    rows = [_row(set="sentfin", mentions=(Mention("Acme", 0, 4, "negative"),))]
    (found,) = measure_sets(says, rows)
    assert says.asked == [((0, 4), (12, 16))]
    assert found.heads["entity"]["en"].rows == 1
    assert "sentiment" not in found.heads


def test_sets_come_apart_each_with_the_heads_it_labels() -> None:
    rows = [
        _row(set="tfn_topic", topic="macro", native="Macro"),
        _row(set="tfn_topic", native="IPO"),
        _row(sentiment="neutral"),
    ]
    topics, tweets = measure_sets(_Says((0.1, 0.8, 0.1), own="IPO2"), rows)
    assert (topics.data, tweets.data) == ("tfn_topic", "tfns")
    assert topics.heads["topic"]["en"].rows == 1
    assert topics.heads["tfn_topic"]["en"].rows == 2
    assert list(tweets.heads) == ["sentiment"]


def test_progress_is_told_in_rows() -> None:
    told: list[int] = []
    measure_sets(_Says((0.1, 0.8, 0.1)), [_row(sentiment="neutral")] * 600, told.append)
    assert told == [512, 600]


def test_a_confusion_is_kept_by_class() -> None:
    rows = [_row(sentiment=said) for said in ("neutral", "negative", "negative")]
    (found,) = measure_sets(_Says((0.1, 0.8, 0.1)), rows)
    classes = found.heads["sentiment"]["en"].classes
    assert classes["negative"].taken_for == {"neutral": 2}
    assert classes["neutral"].taken_for == {}
    assert classes["neutral"].precision == pytest.approx(1 / 3)
