"""Erases what has come to its end, batch by batch; the next run finishes what was cut off."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pipeline.store.connection import Connection, rows, transaction
from sql import queries

_SQL: Final = queries("retention")
_ALERTS: Final = queries("alerts")

# From the last article that had a near-duplicate key; crawlers take up nothing older by default.
KEY_LIFE: Final = timedelta(days=30)

# Why no alert was raised or told is asked of the last weeks.
SUPPRESSION_LIFE: Final = timedelta(days=30)

# Rows a transaction. Bodies are long and their batches hold up the alerts run.
_BATCHES: Final = {"bodies": 500, "messages": 500, "keys": 10_000, "suppressions": 10_000}


@dataclass(frozen=True)
class Ended:
    """What was, or would be, erased."""

    # Bodies of articles whose rights ended.
    bodies: int = 0
    # Sentences quoted from these, beside their scores and on alerts.
    sentences: int = 0
    # Messages of dead letters that nobody sent again.
    messages: int = 0
    # Keys of near-duplicates no article had for KEY_LIFE.
    keys: int = 0
    # Why alerts were not raised or not told, older than SUPPRESSION_LIFE.
    suppressions: int = 0

    def __add__(self, other: "Ended") -> "Ended":
        return Ended(
            self.bodies + other.bodies,
            self.sentences + other.sentences,
            self.messages + other.messages,
            self.keys + other.keys,
            self.suppressions + other.suppressions,
        )

    @property
    def total(self) -> int:
        """All of it."""
        return self.bodies + self.sentences + self.messages + self.keys + self.suppressions


def due(link: Connection, now: datetime) -> Ended:
    """What has come to its end by `now` and is still there. Raises StoreUnavailable."""
    found = Ended()
    with transaction(link) as cursor:
        for kind in _BATCHES:
            cursor.execute(_SQL[f"due_{kind}"], _times(now))
            found += Ended(**rows(cursor)[0])
    return found


def prune(
    link: Connection, now: datetime, report: Callable[[Ended], None] = lambda _: None
) -> Ended:
    """Erase what has come to its end by `now`; `report` is called after every batch.

    Can be done twice, and by two at once. Raises StoreUnavailable; what was erased stays so.
    """
    erased = Ended()
    for kind in _BATCHES:
        while (batch := _batch(link, kind, now)).total:
            erased += batch
            report(erased)
    return erased


def _batch(link: Connection, kind: str, now: datetime) -> Ended:
    with transaction(link) as cursor:
        if kind == "bodies":
            # An alerts run copies sentences: it must not copy one that is erased this moment.
            cursor.execute(_ALERTS["lock"])
        cursor.execute(_SQL[f"erase_{kind}"], _times(now) | {"limit": _BATCHES[kind]})
        return Ended(**rows(cursor)[0])


def _times(now: datetime) -> dict[str, object]:
    return {
        "now": now,
        "unused_since": (now - KEY_LIFE).astimezone(UTC).date(),
        "forgotten": now - SUPPRESSION_LIFE,
    }
