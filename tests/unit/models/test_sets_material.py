"""What a set says of a row reaches the trainer, and nothing it does not say."""

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from models.errors import ModelError
from models.rows import Label
from models.sets.assemble import Assembled
from models.sets.material import of_assembled, of_row, unseen
from models.sets.row import NOT_NEGATIVE, Mention, Row

TEXT = "HDFC Bank gains while HDFC slips and TCS and TCS rest"


def _row(**fields: object) -> Row:
    return Row(**{"id": "1", "set": "tfns", "text": TEXT, "lang": "en"} | fields)


@pytest.mark.parametrize(
    ("sentiment", "scale", "label"),
    [
        ("positive", "three", Label(("positive",))),
        ("positive", "polar", Label(("positive",), ("negative", "positive"))),
        ("negative", "negative", Label(("negative",))),
        (NOT_NEGATIVE, "negative", Label(("neutral", "positive"))),
    ],
)
def test_a_scale_says_what_its_answers_can_mean(sentiment: str, scale: str, label: Label) -> None:
    assert of_row(_row(sentiment=sentiment, scale=scale), 1.0).labels == {"sentiment": label}


def test_a_native_label_is_for_the_head_of_its_set() -> None:
    row = of_row(_row(set="tfn_topic", topic="macro", native="Macro"), 0.5)
    assert row.labels == {"topic": Label(("macro",)), "tfn_topic": Label(("Macro",))}
    assert row.weight == 0.5


def test_a_set_that_means_something_else_by_sentiment_teaches_its_own_head_alone() -> None:
    row = of_row(_row(set="tfns", sentiment="neutral", native="neutral"), 1.0)
    assert row.labels == {"tfns": Label(("neutral",))}


def test_a_mention_has_all_places_of_its_name_and_one_judged_twice_its_own() -> None:
    mentions = (
        Mention("HDFC Bank", 0, 9, "positive"),
        Mention("HDFC", 22, 26, "negative"),
        Mention("TCS", 37, 40, "neutral"),
        Mention("TCS", 45, 48, "positive"),
    )
    found = of_row(_row(mentions=mentions), 1.0).entities
    assert [entity.spans for entity in found] == [((0, 9),), ((22, 26),), ((37, 40),), ((45, 48),)]
    once = of_row(_row(mentions=mentions[2:3]), 1.0).entities
    assert once[0].spans == ((37, 40), (45, 48))


def test_a_mixture_is_measured_on_held_out_rows_of_what_it_learns_from() -> None:
    rows = [_row(sentiment="neutral", id=str(n)) for n in range(3)]
    other = _row(set="fpb", sentiment="positive")
    topical = _row(set="tfn_topic", topic="macro", native="Macro")
    found = Assembled([rows[0], topical], [rows[1]], [rows[2], other], {"tfns": 0.5}, Counter())
    material = of_assembled("open", found)
    assert [len(part) for part in (material.fit, material.dev, material.held_out)] == [2, 1, 1]
    assert not material.refit
    assert list(material.auxiliary) == ["tfn_topic"]
    assert len(material.auxiliary["tfn_topic"]) == 20
    assert of_assembled("open", replace(found, train=[topical, rows[0]])).digest == material.digest
    assert of_assembled("open", replace(found, test=[other])).digest != material.digest


def test_rows_that_a_model_may_have_learned_from_are_not_measured_on() -> None:
    rows = [_row(sentiment="neutral", id=str(n)) for n in range(3)]
    found = Assembled(rows[:1], rows[1:2], rows[2:], {}, Counter())
    training = SimpleNamespace(data="open", data_digest=of_assembled("open", found).digest)
    manifest = SimpleNamespace(model_id="tocsin-open-1", training=training)
    assert len(unseen(manifest, "open", found).held_out) == 1
    otherwise = replace(found, train=rows[2:], test=rows[:1])
    with pytest.raises(ModelError, match="may have seen the rows to measure on"):
        unseen(manifest, "open", otherwise)
