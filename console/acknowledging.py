"""Acknowledging: for good with one key, or until a time, the close, the morning, or a change."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from console import pulse
from console.acting import FormOf, answer
from console.reader import PartsOf, ReaderOf
from console.rendering import render
from console.until import LONGEST_COMMENT, end_of
from pipeline.alerts.exchanges import next_close
from pipeline.store import judging, reading
from pipeline.store.judging import Decision, Terms
from pipeline.store.shapes import Alert
from pipeline.wording.clock import Clock

router = APIRouter()

# Each with its end where the clock sets one.
_LENGTHS: Final = ("hour", "hours", "morning")


@router.get("/alerts/{alert_id}/acknowledge", response_class=HTMLResponse)
def form(request: Request, parts: PartsOf, reader: ReaderOf, alert_id: UUID) -> HTMLResponse:
    """Ask until when, and why."""
    with parts.database.reading() as cursor:
        alert = reading.alert(cursor, alert_id)
        if alert is None:
            raise HTTPException(404)
        beat = pulse.beat(cursor, parts, reader.clock.now)
        return render(
            request,
            reader,
            "acknowledge.html",
            pulse.line(beat, reader),
            alert=alert,
            choices=_choices(alert, reader.clock),
            longest=LONGEST_COMMENT,
        )


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge(
    parts: PartsOf, reader: ReaderOf, fields: FormOf, alert_id: UUID
) -> RedirectResponse:
    """Take the alert on; without an end it holds until the alert is resolved."""
    terms = None
    if "until" in fields:
        with parts.database.reading() as cursor:
            alert = reading.alert(cursor, alert_id)
        choices = _choices(alert, reader.clock) if alert else {}
        until = fields["until"]
        if until not in choices:
            raise HTTPException(422 if alert else 404)
        comment = fields.get("comment", "").strip()[:LONGEST_COMMENT]
        terms = Terms(choices[until], until == "worse", comment)
    with parts.database.writing() as link:
        outcome = judging.acknowledge(link, Decision(alert_id, reader.who, parts.now()), terms)
    return answer(outcome, "/" if fields.get("back") == "inbox" else f"/alerts/{alert_id}")


def _choices(alert: Alert, clock: Clock) -> dict[str, datetime | None]:
    """What an acknowledgement of the alert may last until; None: the clock does not end it."""
    ends = {name: end_of(name, clock) for name in _LENGTHS}
    market = alert.code.rpartition(".")[2] if alert.code else None
    close = next_close(market, clock.now)
    return {"ever": None, **ends, **({"close": close} if close else {}), "worse": None}
