"""Silences: laid over an alert's subject with an end and a comment, listed, and ended."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console import pulse
from console.acting import FormOf
from console.reader import PartsOf, Reader, ReaderOf
from console.rendering import render
from console.toast import GRACE, UNDO
from console.until import LENGTHS, LONGEST_COMMENT, end_of
from pipeline.alerts.rules import SEVERITIES, Severity
from pipeline.store import reading, silences
from pipeline.store.connection import Cursor
from pipeline.store.judging import Outcome
from pipeline.store.shapes import Alert
from pipeline.store.silences import Silence

router = APIRouter()

# How long a silence is listed after its end.
_LISTED_FOR: Final = timedelta(days=7)
# Pages that may be gone back to.
_PAGE: Final = re.compile(r"/(?!/)[\w./-]*")


@dataclass(frozen=True)
class Row:
    """A silence, and in words what it is over."""

    silence: Silence
    about: str
    in_force: bool


@router.get("/alerts/{alert_id}/silence", response_class=HTMLResponse)
def form(request: Request, parts: PartsOf, reader: ReaderOf, alert_id: UUID) -> HTMLResponse:
    """Ask for how long, over what, and why."""
    with parts.database.reading() as cursor:
        alert = _alert(cursor, alert_id)
        beat = pulse.beat(cursor, parts, reader.clock.now)
        return render(
            request,
            reader,
            "silence.html",
            pulse.line(beat, reader),
            alert=alert,
            lengths={name: end_of(name, reader.clock) for name in LENGTHS},
            below=_below(alert),
            longest=LONGEST_COMMENT,
        )


@router.post("/alerts/{alert_id}/silence")
def lay(parts: PartsOf, reader: ReaderOf, fields: FormOf, alert_id: UUID) -> RedirectResponse:
    """Begin a silence now, over the alert's subject."""
    comment = fields.get("comment", "").strip()[:LONGEST_COMMENT]
    if not comment:
        return RedirectResponse(f"/alerts/{alert_id}/silence?refused=comment", 303)
    length = fields.get("until", "")
    if length not in LENGTHS:
        raise HTTPException(422)
    with parts.database.reading() as cursor:
        alert = _alert(cursor, alert_id)
    silence = Silence(
        silence_id=uuid4(),
        subject_kind=alert.subject_kind,
        subjects=(alert.subject,),
        topics=(alert.topic,) if fields.get("topic") else (),
        severities=_below(alert) if fields.get("below") else (),
        starts_at=parts.now(),
        ends_at=end_of(length, reader.clock),
        comment=comment,
        made_by=reader.who,
    )
    with parts.database.writing() as link:
        silences.put(link, silence, alert_id)
    return RedirectResponse(f"/alerts/{alert_id}", 303)


@router.post("/silences/{silence_id}/end")
def end(parts: PartsOf, reader: ReaderOf, fields: FormOf, silence_id: UUID) -> RedirectResponse:
    """End a silence before its time."""
    with parts.database.writing() as link:
        return _back(silences.end(link, silence_id, reader.who, parts.now()), fields)


@router.post("/silences/{silence_id}/resume")
def resume(parts: PartsOf, reader: ReaderOf, fields: FormOf, silence_id: UUID) -> RedirectResponse:
    """Take back that it was ended."""
    with parts.database.writing() as link:
        outcome = silences.resume(link, silence_id, reader.who, parts.now(), UNDO + GRACE)
    return _back(outcome, fields)


def listed(cursor: Cursor, reader: Reader) -> list[Row]:
    """The silences there are and those that ended lately, in words."""
    now = reader.clock.now
    found = silences.listed(cursor, now - _LISTED_FOR, now)
    names = silences.names(cursor, {name for one in found for name in one.subjects})
    return [Row(one, _about(one, names, reader), one.in_force(now)) for one in found]


def _about(silence: Silence, names: dict[str, tuple[str, str]], reader: Reader) -> str:
    say = reader.words
    subjects = [
        say.name(*names[name]) if name in names else say.known("topic", name)
        for name in silence.subjects
    ]
    parts = [*subjects, *(reader.phrases.topic(topic) for topic in silence.topics)]
    parts += [say(f"severity.{level}") for level in silence.severities]
    return say.join(parts)


def _alert(cursor: Cursor, alert_id: UUID) -> Alert:
    found = reading.alert(cursor, alert_id)
    if found is None:
        raise HTTPException(404)
    return found


def _below(alert: Alert) -> tuple[Severity, ...]:
    """The severities up to the alert's own: what rises above it would be told."""
    return SEVERITIES[: SEVERITIES.index(alert.severity) + 1]


def _back(outcome: Outcome, fields: dict[str, str]) -> RedirectResponse:
    if outcome is Outcome.MISSING:
        raise HTTPException(404)
    came_from = fields.get("from", "")
    page = came_from if _PAGE.fullmatch(came_from) else "/system"
    refused = outcome not in {Outcome.DONE, Outcome.ALREADY}
    return RedirectResponse(f"{page}{f'?refused={outcome}' if refused else ''}", 303)
