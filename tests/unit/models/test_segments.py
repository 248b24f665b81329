"""Of a long text the parts that matter are read, and never more than fit."""

from hypothesis import given
from hypothesis import strategies as st

from models.segments import choose, largest_unit, sentence_spans


def units(one: list[tuple[int, int]]) -> list[int]:
    return [unit for unit, _ in one]


def test_sentences_are_found_without_the_blanks_around() -> None:
    text = " It fell 3.5 percent. It rose!\n\n股价下跌。公司回应 "
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "It fell 3.5 percent.",
        "It rose!",
        "股价下跌。",
        "公司回应",
    ]


def test_without_entities_a_text_is_read_from_the_beginning_until_the_window_is_full() -> None:
    assert choose([10] * 10, 1, [], 45) == [[(0, 10), (1, 10), (2, 10), (3, 10), (4, 5)]]


def test_a_late_sentence_that_names_an_entity_takes_the_place_of_the_leads_end() -> None:
    assert choose([10] * 10, 1, [[8]], 45) == [[(0, 10), (1, 10), (2, 10), (3, 5), (8, 10)]]


def test_an_entity_that_the_lead_names_takes_nothing() -> None:
    assert choose([10] * 10, 1, [[1]], 45) == choose([10] * 10, 1, [], 45)


def test_each_entity_has_a_sentence_before_any_has_two() -> None:
    (one,) = choose([10] * 20, 1, [[10, 11, 12], [15]], 40)
    assert units(one) == [0, 1, 10, 15]


def test_what_has_no_room_gets_a_pass_of_its_own_with_the_headline() -> None:
    first, second = choose([10] * 20, 1, [[10], [11], [12], [13]], 40)
    assert units(first) == [0, 1, 10, 11]
    assert units(second) == [0, 12, 13]


def test_passes_over_one_text_are_limited() -> None:
    assert len(choose([10] * 200, 1, [[n] for n in range(50, 150)], 40)) == 4


@given(st.data())
def test_no_pass_is_longer_than_its_room_and_none_reads_a_unit_twice(data: st.DataObject) -> None:
    room = data.draw(st.integers(4, 60))
    sizes = data.draw(st.lists(st.integers(1, largest_unit(room)), max_size=40))
    numbers = st.integers(0, max(0, len(sizes) - 1))
    wanted = data.draw(st.lists(st.lists(numbers, max_size=3, unique=True), max_size=6))
    wanted = [sorted(found) for found in wanted] if sizes else []
    headline = data.draw(st.integers(0, len(sizes)))
    for one in choose(sizes, headline, wanted, room):
        assert sum(size for _, size in one) <= room
        assert units(one) == sorted(set(units(one)))
        assert all(0 < size <= sizes[unit] for unit, size in one)
