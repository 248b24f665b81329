"""The words that carry a label are those without which it loses its probability."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.explain import SHARE, Explainer, Explanation, Reading, fill
from models.labels import ENTITY, HEADS, LABELS
from models.mentions import find
from models.runtime.torch_runtime import TorchRuntime, load_torch
from tests.fixtures.tiny_model import write_base, write_model

pytestmark = pytest.mark.slow

TEXTS = [
    "Bank  misses\ncoupon, see https://a.b/c",
    "银行债券违约，ABC上调目标价",
    "银",
    "Supercalifragilistic",
]
# Whom the entity head is asked about in the texts that say more than a name.
NAMES = {TEXTS[0]: "Bank", TEXTS[1]: "ABC"}
CASES = [*((text, head) for text in TEXTS for head in HEADS), *((text, ENTITY) for text in NAMES)]
LONG = "Orrin gains. " + "Copper was dear. " * 9 + "Thornbury sank to a loss. Vandiver won."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explain")


@pytest.fixture(scope="module")
def runtime(folder: Path) -> TorchRuntime:
    write_model(folder / "model", write_base(folder / "base"))
    return load_torch("cpu", folder / "model", folder, "torch-fp32")


@pytest.fixture(scope="module")
def explainer(runtime: TorchRuntime) -> Explainer:
    return runtime.explainer()


def _explained(explainer: Explainer, text: str, head: str) -> Explanation:
    asked = find([NAMES[text]], text) if head == ENTITY else []
    (found,) = explainer.explain(text, [] if asked else [head], asked)
    return found


def _reading(explainer: Explainer, text: str, head: str = "topic") -> Reading:
    return explainer.read(text, find([NAMES[text]], text) if head == ENTITY else [])[-1]


@pytest.mark.parametrize(("text", "head"), [*CASES, ("", "topic"), (" \n", "sentiment")])
def test_explains_the_answer_the_runtime_gives(
    runtime: TorchRuntime, explainer: Explainer, text: str, head: str
) -> None:
    asked = find([NAMES[text]], text) if head == ENTITY else []
    (answer,) = runtime.score([text], [asked])
    probs = answer.entity_probs(0) if head == ENTITY else getattr(answer, f"{head}_probs")
    found = _explained(explainer, text, head)
    assert found.head == head
    assert found.label == LABELS[head][int(np.argmax(probs))]
    assert found.probability == pytest.approx(max(probs), abs=1e-5)


@pytest.mark.parametrize(("text", "head"), CASES)
def test_the_first_carrier_costs_the_label_most(explainer: Explainer, text: str, head: str) -> None:
    found, reading = _explained(explainer, text, head), _reading(explainer, text, head)
    label = LABELS[head].index(found.label)
    alone = [(i,) for i in range(len(reading.words)) if reading.size([i]) <= reading.room()]
    alone = alone or [(i,) for i in range(len(reading.words))]
    left = explainer.probabilities(reading, alone)[head][:, label]
    first = found.carriers[0]
    assert (first,) == alone[int(left.argmin())]
    assert found.words[first].fall == pytest.approx(found.probability - left.min(), abs=1e-5)


@pytest.mark.parametrize("head", LABELS)
def test_figures_are_what_the_label_loses_without_the_words(
    explainer: Explainer, head: str
) -> None:
    found, reading = _explained(explainer, TEXTS[0], head), _reading(explainer, TEXTS[0], head)
    label = LABELS[head].index(found.label)
    asked = [[i] for i in range(len(reading.words))]
    *alone, all_ = explainer.probabilities(reading, [*asked, found.carriers])[head][:, label]
    assert [word.fall for word in found.words] == pytest.approx(
        [found.probability - left for left in alone], abs=1e-5
    )
    assert found.together == pytest.approx(found.probability - all_, abs=1e-5)


def test_all_are_explained_at_once_as_they_are_alone(explainer: Explainer) -> None:
    together = explainer.explain(TEXTS[0], entities=find([NAMES[TEXTS[0]], "coupon"], TEXTS[0]))
    assert together[:-1] == [_explained(explainer, TEXTS[0], head) for head in LABELS]
    assert [one.head for one in together] == [*LABELS, ENTITY]


def test_a_deleted_word_is_not_read(runtime: TorchRuntime, explainer: Explainer) -> None:
    reading = _reading(explainer, "Bank misses coupon")
    left = explainer.probabilities(reading, [[1]])["topic"][0]
    (kept,) = runtime.score(["Bank coupon"])
    assert left == pytest.approx(kept.topic_probs, abs=1e-5)


def test_without_a_word_an_entity_is_judged_as_if_the_text_never_had_it(
    runtime: TorchRuntime, explainer: Explainer
) -> None:
    text = "tin gains fast; Ora now lost"
    reading = explainer.read(text, find(["Ora"], text))[1]
    shown = [text[word.start : word.end] for word in reading.words]
    gone = [shown.index("gains"), shown.index("now")]
    without = "tin fast; Ora lost"
    (kept,) = runtime.score([without], [find(["Ora"], without)])
    left = explainer.probabilities(reading, [gone])[ENTITY][0]
    assert left == pytest.approx(kept.entity_probs(0), abs=1e-5)


def test_the_name_of_an_entity_takes_no_part(explainer: Explainer) -> None:
    text = "ABC wins, ABC's bond, Or sold"
    reading = explainer.read(text, find(["ABC"], text))[1]
    shown = [text[word.start : word.end] for word in reading.words]
    assert shown == ["wins", ",", "bond", ",", "Or", "sold"]
    (found,) = explainer.explain(text, [], find(["ABC"], text))
    assert [text[word.start : word.end] for word in found.words] == shown


def test_a_text_that_is_a_name_alone_has_no_words_to_carry(explainer: Explainer) -> None:
    (found,) = explainer.explain("Thornbury", [], find(["Thornbury"], "Thornbury"))
    assert (found.words, found.carriers, found.together) == ((), (), 0)
    assert found.read


@pytest.mark.parametrize("names", [["Thornbury"], ["Vandiver", "Orrin", "Thornbury", "Copper"]])
def test_entities_beyond_the_window_are_explained_where_they_are_read(
    runtime: TorchRuntime, explainer: Explainer, names: list[str]
) -> None:
    asked = find(names, LONG)
    (answer,) = runtime.score([LONG], [asked])
    found = explainer.explain(LONG, entities=asked)
    whole, entities = found[: len(HEADS)], found[len(HEADS) :]
    assert [one.probability for one in whole] == pytest.approx(
        [max(answer.topic_probs), max(answer.sentiment_probs)], abs=1e-5
    )
    for number, one in enumerate(entities):
        assert one.probability == pytest.approx(max(answer.entity_probs(number)), abs=1e-5)
        shown = [LONG[word.start : word.end] for word in one.words]
        assert names[number] not in shown
        assert one.read


def test_an_entity_that_was_not_read_is_told(explainer: Explainer) -> None:
    text = "coupon missed, see https://bank.example/"
    (found,) = explainer.explain(text, [], find(["bank"], text))
    assert not found.read
    assert len(found.words) == len(_reading(explainer, text).words)


def test_a_model_without_an_entity_head_says_so(folder: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "model", write_base(folder / "base"), HEADS)
    older = load_torch("cpu", tmp_path / "model", tmp_path, "torch-fp32").explainer()
    assert [one.head for one in older.explain(TEXTS[0])] == list(HEADS)
    with pytest.raises(ModelError, match="no entity head"):
        older.explain(TEXTS[0], [], find(["Bank"], TEXTS[0]))


@pytest.mark.parametrize("head", LABELS)
def test_carriers_are_at_most_a_fifth_of_what_may_be_deleted(
    explainer: Explainer, head: str
) -> None:
    text = "Bank a misses b coupon c, of d a bond e f g h i j"
    asked = find(["Bank"], text) if head == ENTITY else []
    (found,) = explainer.explain(text, [] if asked else [head], asked)
    reading = explainer.read(text, asked)[-1]
    pieces = reading.size(range(len(reading.words)))
    assert len(set(found.carriers)) == len(found.carriers) > 1
    assert reading.size(found.carriers) <= round(SHARE * pieces)
    assert all(
        reading.size([*found.carriers, i]) > round(SHARE * pieces)
        for i in range(len(reading.words))
        if i not in found.carriers
    )


@pytest.mark.parametrize("text", TEXTS)
def test_words_stand_where_the_text_as_given_has_them(explainer: Explainer, text: str) -> None:
    shown = [text[word.start : word.end] for word in _explained(explainer, text, "topic").words]
    read = {
        TEXTS[0]: ["Bank", "misses", "coupon", ",", "see", "https://a.b/c"],
        TEXTS[1]: [*"银行债券违约，", "ABC", *"上调目标价"],
    }
    assert shown == read.get(text, [text])


def test_what_lies_beyond_the_window_takes_no_part(explainer: Explainer) -> None:
    text = "a b c d " * 100
    found = _explained(explainer, text, "sentiment")
    assert found.words[-1].end < 64
    assert len(found.words) == len(_reading(explainer, text).words)


def test_a_text_without_words_has_no_carriers(explainer: Explainer) -> None:
    found = _explained(explainer, " \n", "topic")
    assert (found.words, found.carriers) == ((), ())


def test_room_is_filled_in_order_by_what_fits(explainer: Explainer) -> None:
    reading = _reading(explainer, "abc a abcd b c")
    # Every character is a piece, and so is the mark of a blank.
    sizes = [reading.size([i]) for i in range(5)]
    assert fill(reading, [0, 2, 1, 3], sizes[0] + sizes[1]) == [0, 1]
    assert fill(reading, [2, 1], 1) == [2]
    assert fill(reading, [], 3) == []
