"""What analysts do: resolve, call it false, take it back, say a label is wrong."""

from collections.abc import Callable
from typing import Annotated, Final, Literal
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

from console.reader import PartsOf, ReaderOf
from console.toast import GRACE, UNDO
from models.labels import SENTIMENTS, TOPICS
from pipeline.store import judging
from pipeline.store.connection import Connection
from pipeline.store.judging import Decision, Outcome

router = APIRouter()

Act = Literal["close", "false-alarm", "undo"]
_ACTS: Final[dict[Act, Callable[[Connection, Decision], Outcome]]] = {
    "close": judging.close,
    "false-alarm": judging.false_alarm,
    "undo": lambda link, decision: judging.undo(link, decision, UNDO + GRACE),
}
_LABELS: Final[dict[Literal["sentiment", "topic"], tuple[str, ...]]] = {
    "sentiment": SENTIMENTS,
    "topic": TOPICS,
}


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; the guard has capped its size."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return dict(parse_qsl(body, max_num_fields=10))


FormOf = Annotated[dict[str, str], Depends(form_of)]


@router.post("/alerts/{alert_id}/{act}")
def act_on(
    parts: PartsOf, reader: ReaderOf, form: FormOf, alert_id: UUID, act: Act
) -> RedirectResponse:
    """Decide on an alert, then go back to the page it was decided on. Twice is once."""
    with parts.database.writing() as link:
        outcome = _ACTS[act](link, Decision(alert_id, reader.who, parts.now()))
    here = "/" if form.get("back") == "inbox" else f"/alerts/{alert_id}"
    return answer(outcome, here)


@router.post("/alerts/{alert_id}/stories/{story_id}/label")
def relabel(
    parts: PartsOf, reader: ReaderOf, form: FormOf, alert_id: UUID, story_id: UUID
) -> RedirectResponse:
    """Say what a story's sentiment or topic should be. What is left empty stays as it is."""
    said = {field: form[field] for field in _LABELS if form.get(field)}
    if any(value not in _LABELS[field] for field, value in said.items()):
        raise HTTPException(422)
    decision = Decision(alert_id, reader.who, parts.now())
    outcome = Outcome.ALREADY
    with parts.database.writing() as link:
        for field, value in said.items():
            outcome = judging.relabel(link, decision, story_id, field, value)
            if outcome is Outcome.MISSING:
                break
    return answer(outcome, f"/alerts/{alert_id}", f"#s-{story_id}")


def answer(outcome: Outcome, page: str, place: str = "") -> RedirectResponse:
    """Back to a page, which says why if nothing was done."""
    if outcome is Outcome.MISSING:
        raise HTTPException(404)
    refused = outcome not in {Outcome.DONE, Outcome.ALREADY}
    return RedirectResponse(f"{page}{f'?refused={outcome}' if refused else ''}{place}", 303)
