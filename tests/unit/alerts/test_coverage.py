"""What was watched: visits reach back, new sources were not there before, replays are whole."""

import numpy as np

from pipeline.alerts.coverage import Coverage, Source

HOURS = np.arange(100, 200)


def every(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last))


def test_a_source_that_nobody_visits_is_watched_from_its_first_article_on() -> None:
    watched = Source("wire", 10, told=(120,)).watched(HOURS)
    assert not watched[:20].any()
    assert watched[20:].all()


def test_a_later_visit_still_reaches_back_for_a_day() -> None:
    source = Source("wire", 10, every(100, 110), (*every(100, 110), *every(150, 200)), 100)
    watched = source.watched(HOURS)
    # The last visit before the outage ended with hour 110; the first after it reaches to 127.
    assert watched[:11].all()
    assert not watched[11:27].any()
    assert watched[27:].all()


def test_a_later_visit_reaches_back_as_far_as_what_it_brought() -> None:
    visits = (*every(100, 110), *every(150, 200))
    watched = Source("wire", 10, (*every(100, 110), 115, 140), visits, 100).watched(HOURS)
    assert not watched[11:15].any()
    assert watched[15:].all()


def test_a_source_that_is_down_now_is_not_watched_after_an_hour() -> None:
    watched = Source("wire", 10, every(100, 150), every(100, 150), 100).watched(HOURS)
    assert watched[:51].all()
    assert not watched[51:].any()


def test_what_a_first_visit_brought_of_the_past_was_watched() -> None:
    watched = Source("wire", 10, (110,), every(190, 200), 190).watched(HOURS)
    assert not watched[:10].any()
    assert watched[10:].all()


def test_sources_weigh_by_what_they_tell_while_they_are_watched() -> None:
    sources = [Source("steady", 300, (100,)), Source("added", 50, (150,))]
    shares = Coverage.of(sources, 100, 200).shares(HOURS)
    # Three stories an hour, and one more an hour from half of the time on.
    assert np.allclose(shares[:50], 3 / 4)
    assert np.allclose(shares[50:], 1)


def test_before_the_first_article_of_all_nothing_is_known_and_nothing_is_a_hole() -> None:
    shares = Coverage.of([Source("wire", 9, (150,))], 100, 200).shares(HOURS)
    assert shares.all()


def test_without_any_source_everything_is_watched() -> None:
    assert Coverage().shares(HOURS).all()
