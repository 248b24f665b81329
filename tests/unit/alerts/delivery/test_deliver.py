"""How long to wait before another attempt, and what is told of secrets."""

from datetime import timedelta

import pytest

from pipeline.alerts.delivery.deliver import pause
from pipeline.alerts.delivery.failures import Refused
from pipeline.alerts.delivery.secrets import Secrets

MINUTE = timedelta(minutes=1)


def test_pauses_double_up_to_an_hour() -> None:
    pauses = [pause(attempts, None, 0.0) / MINUTE for attempts in (1, 2, 3, 6, 7, 100)]
    assert pauses == [1, 2, 4, 32, 60, 60]


def test_chance_makes_a_pause_longer_by_half_at_most() -> None:
    assert pause(1, None, 1.0) == 1.5 * MINUTE


def test_nobody_comes_back_sooner_than_was_asked() -> None:
    assert pause(1, 30 * MINUTE, 1.0) == 30 * MINUTE
    assert pause(7, MINUTE, 0.0) == 60 * MINUTE


def test_no_secret_is_told_whole_or_in_pieces() -> None:
    secrets = Secrets({"URL": "https://hooks.example/T0/B123456789?key=abcdefgh1"}.get)
    url = secrets("URL")
    told = secrets.scrub(f"hooks.example: {url} /T0/B123456789 not found, key abcdefgh1")
    assert told == "hooks.example: … /T0/… not found, key …"


def test_a_secret_that_is_not_set_is_named() -> None:
    with pytest.raises(Refused, match="TOCSIN_SECRET_DESK"):
        Secrets({}.get)("DESK")
