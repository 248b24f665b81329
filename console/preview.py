"""What a changed rule would have done last week, before anybody saves it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from console.reader import Parts, Reader
from pipeline.alerts.backtest.comparing import Change
from pipeline.alerts.backtest.report import pairs
from pipeline.alerts.backtest.trial import Trial, Trials, attempt
from pipeline.alerts.rules import SEVERITIES, SurgeRule
from pipeline.store.connection import StoreUnavailable

SPAN: Final = timedelta(days=7)
LIMIT: Final = timedelta(seconds=30)
# Alerts gained, lost or moved that are listed.
_LISTED: Final = 20


class TookTooLong(Exception):
    """The time of a preview is over."""


@dataclass(frozen=True)
class Moved:
    """An alert that the change gains, loses or finds at another time."""

    subject: str
    change: str
    found_at: datetime
    found_before: datetime | None


@dataclass(frozen=True)
class Compared:
    """Last week by the rule in force and by the changed one."""

    now: int
    changed: int
    # Severity, then how many by the rule in force and by the changed one.
    severities: Sequence[tuple[str, int, int]]
    # Recipient, then how many messages.
    messages: Sequence[tuple[str, int, int]]
    moved: Sequence[Moved]
    # Moved alerts that are not listed.
    more: int


class Previews:
    """Computes one preview at a time: each takes a core for its time."""

    def __init__(self) -> None:
        self._busy = Lock()

    def preview(
        self, parts: Parts, reader: Reader, now: SurgeRule, changed: SurgeRule
    ) -> Compared | None:
        """None: it would take too long, or another one is being computed.

        Raises StoreUnavailable.
        """
        if not self._busy.acquire(blocking=False):
            return None
        try:
            return _compared(self._attempt(parts, now, changed), reader)
        except TookTooLong:
            return None
        finally:
            self._busy.release()

    def _attempt(self, parts: Parts, now: SurgeRule, changed: SurgeRule) -> Trials:
        end = time.monotonic() + LIMIT.total_seconds()

        def watch(_done: int, _total: int) -> None:
            if time.monotonic() > end:
                raise TookTooLong

        until = parts.now()
        with parts.database.writing() as link:
            try:
                return attempt(link, [now, changed], until - SPAN, until, watch, LIMIT)
            except StoreUnavailable as error:
                # A statement that is cut off looks like a database that is.
                if time.monotonic() > end:
                    raise TookTooLong from error
                raise


def _compared(trials: Trials, reader: Reader) -> Compared:
    before, after = trials.of
    moved = [pair for pair in pairs(trials) if pair.change is not Change.SAME]
    listed = [
        Moved(
            _name(trials, pair.shown.subject_kind, pair.shown.subject, reader),
            pair.change.value,
            pair.shown.found_at,
            pair.before.found_at if pair.before else None,
        )
        for pair in moved[:_LISTED]
    ]
    names = sorted({*before.messages, *after.messages})
    return Compared(
        len(before.fired),
        len(after.fired),
        _severities(before, after),
        [(name, before.messages[name], after.messages[name]) for name in names],
        listed,
        len(moved) - len(listed),
    )


def _severities(before: Trial, after: Trial) -> list[tuple[str, int, int]]:
    counts = [Counter(one.severity for one in trial.fired) for trial in (before, after)]
    return [(name, counts[0][name], counts[1][name]) for name in reversed(SEVERITIES)]


def _name(trials: Trials, kind: str, subject: str, reader: Reader) -> str:
    if kind == "topic":
        return reader.phrases.topic(subject)
    return reader.words.name(*trials.names.get(subject, (subject, subject)))
