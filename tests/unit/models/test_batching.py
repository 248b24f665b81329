"""Entities are found again among the tokens, wherever the text is cleaned, cut or chosen from."""

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from models.batching import Encoder
from models.mentions import Spans, find
from models.pieces import words
from models.reading import Pass
from tests.fixtures.tiny_model import write_base

pytestmark = pytest.mark.slow

# A token is a character here, and a blank a token of its own.
LONG = (
    "Orrin gains.\n"
    + "Copper was dear. " * 6
    + "Thornbury sank to a loss. "
    + "Tin was dear. " * 4
    + "Vandiver won."
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PreTrainedTokenizerFast:
    return write_base(tmp_path_factory.mktemp("batching") / "base").tokenizer()


def _encoder(tokenizer: PreTrainedTokenizerFast, window: int = 200, prefix: str = "") -> Encoder:
    return Encoder(tokenizer, window, prefix)


def _read(tokenizer: PreTrainedTokenizerFast, one: Pass, positions: tuple[int, ...]) -> str:
    pieces = tokenizer.convert_ids_to_tokens([one.ids[position] for position in positions])
    return "".join(pieces).replace("▁", " ").strip()


def _mentions(tokenizer: PreTrainedTokenizerFast, passes: list[Pass]) -> dict[int, str]:
    return {
        place.number: _read(tokenizer, one, place.mention) for one in passes for place in one.places
    }


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_a_mention_is_the_tokens_of_its_name(
    tokenizer: PreTrainedTokenizerFast, prefix: str
) -> None:
    text = "  see https://example.com/x\n\nOrrin<s> and  Thornbury，某银行上调"
    names = ["Orrin", "Thornbury", "某银行"]
    (one,) = _encoder(tokenizer, prefix=prefix).passes([text], [find(names, text)])
    assert _mentions(tokenizer, [one]) == {0: "Orrin", 1: "Thornbury", 2: "<unk>银行"}


def test_a_clause_is_read_around_the_mention(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "Orrin gains on tin; Thornbury sinks to a loss"
    (one,) = _encoder(tokenizer).passes([text], [find(["Thornbury"], text)])
    assert _read(tokenizer, one, one.places[0].clause) == "Thornbury sinks to a loss"


@pytest.mark.parametrize(
    "spans", [(), ((900, 905),), ((-3, 2),), ((7, 7),), ((9, 4),), ((22, 27),), ((36, 40),)]
)
def test_what_was_not_read_is_told_and_has_no_tokens(
    tokenizer: PreTrainedTokenizerFast, spans: Spans
) -> None:
    text = "a https://example.com/OrrinCopper b" + " " * 10
    (one,) = _encoder(tokenizer).passes([text], [[spans]])
    assert [place.mention for place in one.places] == [()]


def test_a_name_in_a_link_at_the_end_is_not_read(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "Copper fell, see https://orrin.example/"
    (one,) = _encoder(tokenizer).passes([text], [find(["orrin"], text)])
    assert one.places[0].mention == ()
    assert _read(tokenizer, one, tuple(range(len(one.ids)))).endswith("see http</s>")


def test_asking_does_not_change_how_a_text_within_the_window_is_read(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoder = _encoder(tokenizer, 400)
    (plain,) = encoder.passes([LONG], [()])
    (asked,) = encoder.passes([LONG], [find(["Thornbury"], LONG)])
    assert plain.ids == asked.ids


def test_a_long_text_is_read_where_it_names_the_entity(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    (one,) = _encoder(tokenizer, 90).passes([LONG], [find(["Thornbury"], LONG)])
    read = _read(tokenizer, one, tuple(range(len(one.ids))))
    assert len(one.ids) <= 90
    assert read.startswith("<s> Orrin gains. Copper was dear.")
    assert "Thornbury sank to a" in read
    assert read.endswith("</s>")
    assert _mentions(tokenizer, [one]) == {0: "Thornbury"}


def test_entities_without_room_get_a_pass_of_their_own_with_the_headline(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    names = ["Vandiver", "Birch", "Cole", "Dale", "Orrin"]
    text = f"{LONG} Birch lost. Cole won. Dale lost."
    first, *further = _encoder(tokenizer, 60).passes([text], [find(names, text)])
    assert first.first
    assert further
    assert not any(one.first for one in further)
    assert _mentions(tokenizer, [first, *further]) == dict(enumerate(names))
    assert _mentions(tokenizer, [first])[4] == "Orrin"
    for one in further:
        assert "Orrin gains." in _read(tokenizer, one, tuple(range(len(one.ids))))


def test_an_entity_far_behind_the_window_is_read(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "Orrin gains.\n" + "Copper was dear. " * 4_000 + "Thornbury sank. " + "Tin. " * 9_000
    passes = _encoder(tokenizer, 80).passes([text], [find(["Thornbury", "Orrin"], text)])
    assert _mentions(tokenizer, passes) == {0: "Thornbury", 1: "Orrin"}


@pytest.mark.parametrize("text", ["", " ", "x" * 50_000, "Orrin" * 5_000, "\ud800" * 900])
def test_every_text_has_one_first_pass_within_the_window(
    tokenizer: PreTrainedTokenizerFast, text: str
) -> None:
    asked = [((0, 5),), ((20_000, 20_005),), ()]
    passes = _encoder(tokenizer, 32, "query: ").passes([text], [asked])
    assert [one.first for one in passes].count(True) == 1
    assert all(len(one.ids) <= 32 for one in passes)
    assert sorted(place.number for one in passes for place in one.places) == [0, 1, 2]


@pytest.mark.parametrize("window", [32, 60, 90, 400])
@pytest.mark.parametrize("prefix", ["", "query: "])
@pytest.mark.parametrize("names", [[], ["Thornbury", "?"], ["Vandiver", "Orrin", "Thornbury"]])
@pytest.mark.parametrize(
    "text", ["", " \n", LONG, "\ud83d\udcc9 lone \ud800 a\u0301 https://a.b/c <s>now", "x" * 9_000]
)
def test_what_is_traced_is_what_the_model_reads(
    tokenizer: PreTrainedTokenizerFast, window: int, prefix: str, names: list[str], text: str
) -> None:
    encoder, asked = _encoder(tokenizer, window, prefix), find(names, text)
    traced = encoder.traced(text, asked)
    assert [one.read for one in traced] == encoder.passes([text], [asked])
    assert all(len(one.spans) == len(one.read.ids) for one in traced)


def test_what_is_traced_stands_where_the_text_has_it(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "  Bank  misses\nsee https://a.b/c now, 银行违约"
    (one,) = _encoder(tokenizer, prefix="query: ").traced(text, [])
    assert [text[word.start : word.end] for word in words(text, one.spans)] == [
        *("Bank", "misses", "see", "https://a.b/c", "now", ","),
        *"银行违约",
    ]


def test_special_tokens_and_prefix_stand_for_nothing_in_the_text(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoder = _encoder(tokenizer, prefix="query: ")
    (bare,), (one,) = encoder.traced("", []), encoder.traced("Bank", [])
    assert set(bare.spans) == {None}
    frame = one.spans[:-5]
    assert (set(frame), len(frame) >= len(bare.spans) - 1) == ({None}, True)
    assert one.spans[-5:] == ((0, 1), (1, 2), (2, 3), (3, 4), None)


def test_parts_from_far_behind_stand_where_they_are(tokenizer: PreTrainedTokenizerFast) -> None:
    text = "Orrin gains.\n" + "Copper was dear. " * 4_000 + "Thornbury  sank. " + "Tin. " * 9_000
    (one,) = _encoder(tokenizer, 80).traced(text, find(["Thornbury"], text))
    (place,) = one.read.places
    start, end = one.spans[place.mention[0]], one.spans[place.mention[-1]]
    assert start is not None
    assert end is not None
    assert text[start[0] : end[1]].strip() == "Thornbury"
    shown = [text[word.start : word.end] for word in words(text, one.spans)]
    assert shown[:3] == ["Orrin", "gains", "."]
    assert shown[shown.index("Thornbury") :][:3] == ["Thornbury", "sank", "."]


def test_a_batch_weighs_the_tokens_of_each_mention_alike(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    texts = ["Orrin gains", "Thornbury and Orrin sink", "Tin"]
    encoder = _encoder(tokenizer)
    passes = encoder.passes(
        texts, [find(["Orrin"], texts[0]), find(["Thornbury", "Orrin"], texts[1]), [()]]
    )
    batch = encoder.batch(passes, torch.device("cpu"))
    assert batch.places is not None
    assert batch.asked is not None
    assert batch.asked.tolist() == [[True, False], [True, True], [True, False]]
    assert torch.allclose(batch.places.sum(3)[batch.asked], torch.ones(4, 2))
    lost = batch.places[2, 0, 0]
    assert torch.equal(lost > 0, batch.attention_mask[2] == 1)
