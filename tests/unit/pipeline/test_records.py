"""When a dead letter that is sent again was seen first, as its header says."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.records import LETTER_LIFE, SEEN_AT, first_seen

TAKEN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ("2026-11-13T08:00:00.125000+00:00", datetime(2026, 11, 13, 8, 0, 0, 125_000, UTC)),
        ("2026-11-13T16:00:00+08:00", datetime(2026, 11, 13, 8, 0, tzinfo=UTC)),
        ((TAKEN - LETTER_LIFE).isoformat(), TAKEN - LETTER_LIFE),
        # The broker's clock was set back.
        ("2026-11-20T09:00:00+00:00", TAKEN),
    ],
)
def test_it_is_the_time_of_the_header(told: str, first: datetime) -> None:
    found = first_seen([("source", b"x"), (SEEN_AT, told.encode())], TAKEN)
    assert found == first
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"yesterday",
        b"\xff",
        b"2026-11-13T08:00:00",
        b"0001-01-01T00:00:00+23:59",
        (TAKEN - LETTER_LIFE - timedelta(days=2)).isoformat().encode(),
    ],
)
def test_a_header_that_no_replay_wrote_counts_for_nothing(told: bytes) -> None:
    assert first_seen([(SEEN_AT, told)], TAKEN) is None


def test_without_the_header_it_was_not_sent_again() -> None:
    assert first_seen([("source", b"x")], TAKEN) is None


def test_of_two_headers_the_first_counts() -> None:
    one, other = (TAKEN - timedelta(days=days) for days in (1, 2))
    headers = [(SEEN_AT, time.isoformat().encode()) for time in (one, other)]
    assert first_seen(headers, TAKEN) == one
