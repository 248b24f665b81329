"""Ten seconds of Undo instead of "are you sure?"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from console.reader import Parts, Reader
from pipeline.store import reading, silences
from pipeline.store.connection import Cursor
from pipeline.store.silences import Silence

UNDO: Final = timedelta(seconds=10)
# A click in the tenth second still has its way to make.
GRACE: Final = timedelta(seconds=3)


@dataclass(frozen=True)
class Toast:
    """A decision that can still be taken back."""

    # What was done, in words.
    text: str
    # Where it is taken back.
    undo: str
    # For how much longer.
    seconds: int


def toast(cursor: Cursor, parts: Parts, reader: Reader) -> Toast | None:
    """What the reader did in the last ten seconds, if nothing has overtaken it."""
    now = parts.now()
    since = now - UNDO
    last = reading.undoable(cursor, reader.who, since, None)
    silence = silences.latest_of(cursor, reader.who, since)
    if silence and (last is None or last.at < (silence.ended_at or silence.starts_at)):
        return _of_silence(silence, reader, now)
    alert = reading.alert(cursor, last.alert_id) if last else None
    if last is None or alert is None:
        return None
    text = reader.words(f"act.did_{last.what}", subject=reader.phrases.subject(alert))
    return Toast(text, f"/alerts/{alert.alert_id}/undo", _left(last.at, now))


def _of_silence(silence: Silence, reader: Reader, now: datetime) -> Toast:
    here = f"/silences/{silence.silence_id}"
    if silence.ended_at:
        text = reader.words("act.did_unsilenced")
        return Toast(text, f"{here}/resume", _left(silence.ended_at, now))
    text = reader.words("act.did_silenced", time=reader.clock.short(silence.ends_at))
    return Toast(text, f"{here}/end", _left(silence.starts_at, now))


def _left(at: datetime, now: datetime) -> int:
    return max(1, round((at + UNDO - now).total_seconds()))
