"""Ten seconds of Undo instead of "are you sure?"."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from console.reader import Parts, Reader
from pipeline.store import reading
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Alert

UNDO: Final = timedelta(seconds=10)
# A click in the tenth second still has its way to make.
GRACE: Final = timedelta(seconds=3)


@dataclass(frozen=True)
class Toast:
    """A decision that can still be taken back."""

    alert: Alert
    # acknowledged, resolved or false_alarm.
    what: str
    # For how much longer.
    seconds: int


def toast(cursor: Cursor, parts: Parts, reader: Reader) -> Toast | None:
    """What the reader did in the last ten seconds, if nothing has overtaken it."""
    now = parts.now()
    last = reading.undoable(cursor, reader.who, now - UNDO, None)
    alert = reading.alert(cursor, last.alert_id) if last else None
    if last is None or alert is None:
        return None
    return Toast(alert, last.what, max(1, round((last.at + UNDO - now).total_seconds())))
