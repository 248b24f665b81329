"""The sets themselves: how much of each is usable, and that nothing held out is learned from.

They may not be part of this repository; where they lie beside it, this is held.
"""

from itertools import chain

import numpy as np
import pytest

from models.data import read_corpus
from models.sets.assemble import Assembled, assemble
from models.sets.finding import public_set, public_sets
from models.sets.mixture import load_mixtures
from models.sets.near import pairs
from models.sets.row import Row
from models.sets.rows import read_rows, sameness
from models.sets.sources import folder
from pipeline.settings import ROOT

DATA = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the public sets are not in {DATA}"),
]

# Set -> rows, and of these with a topic, a sentiment, a label of its own, mentions; mentions.
USABLE = {
    "cfsc_absa": (4008, 996, 3725, 0, 4008, 5875),
    "finentity": (742, 0, 653, 0, 742, 1572),
    "finese": (7897, 0, 0, 0, 7897, 7897),
    "finfe": (10717, 0, 10717, 0, 0, 0),
    "finnl": (3549, 3549, 0, 0, 0, 0),
    "finnsp": (4190, 0, 4190, 0, 4151, 8682),
    "fiqa": (555, 502, 555, 0, 550, 553),
    "fpb": (3585, 0, 3585, 0, 0, 0),
    "sentfin": (9659, 0, 8546, 0, 9646, 12925),
    "tfn_topic": (16730, 12050, 0, 16730, 0, 0),
    "tfns": (10521, 0, 10521, 10521, 0, 0),
    "thucnews": (9987, 9987, 0, 0, 0, 0),
    "wwwxmu": (6834, 0, 6834, 0, 6775, 6775),
}
# Set -> mentions left out because their names are not in their texts.
LOST = {"finese": 5, "finnsp": 421, "fiqa": 5, "sentfin": 19, "wwwxmu": 59}


@pytest.fixture(scope="module", params=["open", "research"])
def mixed(request: pytest.FixtureRequest) -> tuple[str, Assembled]:
    corpus = read_corpus(ROOT / "models" / "corpus")
    return request.param, assemble(load_mixtures(), request.param, folder(DATA), corpus, 2)


@pytest.mark.parametrize("name", sorted(public_sets()))
def test_so_much_of_a_set_is_usable(name: str) -> None:
    public = public_set(name)
    read = read_rows(public, folder(DATA)(public))
    rows = read.rows
    assert USABLE[name] == (
        len(rows),
        sum(row.topic is not None for row in rows),
        sum(row.sentiment is not None for row in rows),
        sum(row.native is not None for row in rows),
        sum(bool(row.mentions) for row in rows),
        sum(len(row.mentions) for row in rows),
    )
    assert read.dropped["entity not in the text"] == LOST.get(name, 0)
    assert {row.native for row in rows} <= {None, *public.native}


def test_no_near_duplicate_lies_in_two_parts(mixed: tuple[str, Assembled]) -> None:
    found = mixed[1]
    parts = (found.train, found.dev, found.test)
    rows = list(chain(*parts))
    part = np.repeat(range(3), [len(of_part) for of_part in parts])
    near = pairs([row.text for row in rows], load_mixtures().near)
    assert len(near) > 10_000
    assert (part[near[:, 0]] == part[near[:, 1]]).all()
    texts = [{sameness(row.text) for row in of_part} for of_part in parts]
    assert not texts[0] & texts[1]
    assert not (texts[0] | texts[1]) & texts[2]


def test_the_open_mixture_learns_from_nothing_under_another_licence(
    mixed: tuple[str, Assembled],
) -> None:
    name, found = mixed
    learned = {row.set for row in found.train + found.dev} - {"corpus"}
    closed = {member for member in learned if not public_set(member).open}
    if name == "open":
        assert learned == {"tfns", "tfn_topic", "sentfin", "finentity"}
        assert not closed
    else:
        assert learned == set(public_sets())


def test_enough_is_left_to_learn_from_and_to_choose_by(mixed: tuple[str, Assembled]) -> None:
    name, found = mixed
    assert len(found.train) > {"open": 30_000, "research": 55_000}[name]
    assert 0.06 < len(found.dev) / len(found.train) < 0.1
    lost = sum(count for (_, why), count in found.dropped.items() if why == "near a held-out row")
    assert lost < 0.08 * len(found.train)


def test_a_mixture_measures_on_what_it_says(mixed: tuple[str, Assembled]) -> None:
    name, found = mixed
    mixture = load_mixtures().named(name)
    assert _sets(found.test) == {"corpus", *mixture.sets, *mixture.measured}
    whole = {member: sum(row.set == member for row in found.test) for member in ("fpb", "tfns")}
    assert whole == {"fpb": {"open": 3585, "research": 717}[name], "tfns": 1160}


def _sets(rows: list[Row]) -> set[str]:
    return {row.set for row in rows}
