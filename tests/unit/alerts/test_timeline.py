"""What happened to an alert, step by step, in words."""

from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.timeline import Timeline
from pipeline.store.shapes import Event
from pipeline.wording.clock import Clock
from pipeline.wording.words import Words
from tests.fixtures.messages_out import NOW


def timeline() -> Timeline:
    words = Words("en")
    return Timeline(words, Clock(ZoneInfo("Asia/Hong_Kong"), words, NOW))


def test_a_surge_that_joins_a_slow_burn_says_so_in_the_timeline() -> None:
    figures = {"observed": 9, "window_minutes": 60, "publishers": 4}
    event = Event(2, NOW, "tocsin", "raised", figures | {"condition": "surge"})
    assert timeline().event(event) == "Now also a surge: 9 negative stories in 1 h, 4 publishers"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Event(
                1, NOW, "tocsin", "opened", {"observed": 9, "window_minutes": 60, "publishers": 3}
            ),
            "Found: 9 negative stories in 1 h, 3 publishers",
        ),
        (
            Event(2, NOW, "tocsin", "raised", {"from": "low", "to": "high"}),
            "Severity raised: Low → High",
        ),
        (Event(3, NOW, "tocsin", "resolved", {"reason": "subsided"}), "Resolved: subsided"),
        (Event(4, NOW, "analyst", "acknowledged", {"before": {}}), "Acknowledged by analyst"),
        (Event(5, NOW, "tocsin", "updated", {}), "Updated"),
    ],
)
def test_events_are_sentences(event: Event, said: str) -> None:
    assert timeline().event(event) == said
