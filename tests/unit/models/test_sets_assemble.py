"""A mixture holds what it says, and no near-duplicate of what is held out is learned from."""

from collections.abc import Callable

import msgspec
import pytest

from models.data import Example
from models.errors import ModelError
from models.sets.assemble import Assembled, assemble
from models.sets.mixture import Mixture, Mixtures, Share, load_mixtures
from models.sets.row import Row
from models.sets.spec import PublicSet, Record

Lines = dict[str, list[Record]]

# Words that make texts of their own of two numbers.
_WORDS = [f"{a}{b}" for a in "bdfgklmnprst" for b in "aeiou"]


def tale(number: int, part: str = "") -> str:
    """A text that shares less than a word in ten with that of another number."""
    draw = [(number * 7 + k * k * (number % 13 + 3)) % len(_WORDS) for k in range(6)]
    return " ".join([f"{_WORDS[w]}{'x' * k}{number}" for k, w in enumerate(draw)] + [part])


def line(number: int, split: str | None = None, part: str = "", label: str = "negative") -> Record:
    return Record(
        id=f"{number}{part}{split}",
        text=tale(number, part).translate(str.maketrans("0123456789", "abcdefghij")),
        lang="en",
        sentiment=label,
        split=split,
    )


def source(lines: Lines) -> Callable[[PublicSet], list[Record]]:
    return lambda public: lines[public.name]


def mixtures(sets: dict[str, Share], measured: tuple[str, ...] = ()) -> Mixtures:
    mixture = Mixture(only_open=True, corpus=0.5, sets=sets, measured=measured)
    return Mixtures(near=0.6, dev_share=0.1, mixtures={"trial": mixture})


def assembled(lines: Lines, fold: int = 0, corpus: tuple[Example, ...] = ()) -> Assembled:
    """All the sets named, trained on."""
    shares = {name: Share(weight=1.0) for name in lines}
    return assemble(mixtures(shares), "trial", source(lines), corpus, fold)


def ids(rows: list[Row]) -> set[str]:
    return {row.id for row in rows}


def test_a_divided_set_keeps_its_held_out_part() -> None:
    lines = {"tfns": [line(n, "train" if n < 40 else "valid") for n in range(50)]}
    found = assembled(lines)
    assert ids(found.test) == {f"{n}valid" for n in range(40, 50)}
    assert len(found.dev) == 4
    assert len(found.train) == 36
    assert {row.fold for row in found.train} == {None}


def test_five_folds_hold_out_every_row_of_an_undivided_set_once() -> None:
    lines = {"sentfin": [line(n) for n in range(50)]}
    held_out = [ids(assembled(lines, fold).test) for fold in range(5)]
    assert [len(rows) for rows in held_out] == [10] * 5
    assert len(set().union(*held_out)) == 50


def test_folds_are_the_same_whatever_else_is_trained_on() -> None:
    alone = {"sentfin": [line(n) for n in range(50)]}
    more = alone | {"tfns": [line(n, "train", "again") for n in range(30, 80)]}
    among = assembled(more, 3).test
    assert ids([row for row in among if row.set == "sentfin"]) == ids(assembled(alone, 3).test)


def test_near_duplicates_of_held_out_rows_are_dropped_and_counted_across_sets() -> None:
    lines = {
        "tfns": [line(n, "train") for n in range(40)],
        "tfn_topic": [],
        "finentity": [],
    }
    lines["tfns"] += [line(3, "valid", "retold"), line(90, "valid")]
    lines["finentity"] = [line(90, None, "once more"), *(line(n) for n in range(100, 120))]
    found = assembled(lines)
    assert "3train" not in ids(found.train + found.dev)
    assert "90once moreNone" not in ids(found.train + found.dev)
    assert found.dropped["tfns", "near a held-out row"] == 1
    assert not _groups(found.test) & _groups(found.train + found.dev)


def test_a_chain_of_near_duplicates_is_dropped_whole() -> None:
    chain = ["a b c d e f g h", "b c d e f g h i", "c d e f g h i j"]
    rows = [
        Record(id=f"{n}", text=text, lang="en", sentiment="neutral", split=split)
        for n, (text, split) in enumerate(zip(chain, ["valid", "train", "train"], strict=True))
    ]
    found = assembled({"tfns": rows})
    assert (ids(found.test), found.train, found.dev) == ({"0"}, [], [])
    assert found.dropped["tfns", "near a held-out row"] == 2


def test_development_and_training_rows_share_no_near_duplicate() -> None:
    lines = {"tfns": [line(n, "train", part) for n in range(60) for part in ("first", "second")]}
    found = assembled(lines)
    assert found.dev
    assert not _groups(found.dev) & _groups(found.train)
    assert len(found.dev) + len(found.train) == 120


def test_a_set_that_is_only_measured_on_is_never_trained_on() -> None:
    lines = {
        "tfns": [line(n, "train") for n in range(30)],
        "fpb": [line(n) for n in range(20, 40)],
        "wwwxmu": [line(n, split) for n in range(50, 60) for split in ("train", "test")],
    }
    mixed = mixtures({"tfns": Share(weight=1.0)}, ("fpb", "wwwxmu"))
    found = assemble(mixed, "trial", source(lines), (), 0)
    assert {row.set for row in found.train + found.dev} == {"tfns"}
    assert sum(row.set == "fpb" for row in found.test) == 20
    assert sum(row.set == "wwwxmu" for row in found.test) == 10
    assert found.dropped["tfns", "near a held-out row"] == 10


def test_no_more_than_its_cap_is_trained_on() -> None:
    lines = {"tfns": [line(n, "train") for n in range(50)]}
    mixed = mixtures({"tfns": Share(weight=1.0, cap=20)})
    found = assemble(mixed, "trial", source(lines), (), 0)
    again = assemble(mixed, "trial", source({"tfns": lines["tfns"][::-1]}), (), 0)
    assert len(found.train) + len(found.dev) == 20
    assert ids(found.train) == ids(again.train)
    assert found.dropped["tfns", "over the cap"] == 30


def test_our_own_lines_are_cut_into_folds_and_weighted() -> None:
    own = tuple(Example(f"en-{n}", line(n).text, "en", "macro", "neutral") for n in range(200, 250))
    found = assembled({"tfns": [line(1, "train")]}, 1, own)
    assert sum(row.set == "corpus" for row in found.test) == 10
    assert found.weights == {"corpus": 0.5, "tfns": 1.0}


def test_a_fold_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="fold 5"):
        assembled({"tfns": []}, 5)


def test_a_mixture_of_open_sets_refuses_another() -> None:
    with pytest.raises(ModelError, match=r"trial may not train on fpb: .*CC BY-NC-SA 3\.0"):
        assembled({"fpb": []})


def test_an_unknown_mixture_is_answered_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no mixture 'all'; there are open, research"):
        load_mixtures().named("all")


def test_the_open_mixture_takes_open_sets_alone_and_measures_on_the_others() -> None:
    found = load_mixtures()
    opened, research = found.named("open"), found.named("research")
    assert opened.only_open
    assert set(opened.sets) == {"tfns", "tfn_topic", "sentfin", "finentity"}
    assert set(opened.measured) <= set(research.sets) - set(opened.sets)
    assert {name for name, share in research.sets.items() if share.weight < 1} == {
        *("finfe", "finnl", "finese", "thucnews")
    }


def test_a_mistake_in_the_mixtures_is_told() -> None:
    with pytest.raises(msgspec.ValidationError, match="wieght"):
        msgspec.toml.decode(b"[x]\nwieght = 1\nweight = 1", type=dict[str, Share])


def _groups(rows: list[Row]) -> set[int]:
    return {row.group for row in rows}
