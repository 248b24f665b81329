"""The system page: whether every part does its work, in figures that add up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from console import canary, pulse, silencing
from console.reader import PartsOf, ReaderOf
from console.rendering import render
from console.roster import Watch
from console.toast import toast
from pipeline.sources import Source
from pipeline.store import audit, delivery, outages, reading, system
from pipeline.store.audit import Entry
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Visit
from pipeline.store.system import Yield

router = APIRouter(default_response_class=HTMLResponse)

LETTERS: Final = 50
# Entries of the audit that are shown, and the links of it that are checked for it.
_SHOWN: Final = 10
_CHECKED: Final = 200


@dataclass(frozen=True)
class Row:
    """One source: what its file says, how it answers and what it gave in 24 hours."""

    source: Source
    visit: Visit
    gave: Yield
    # alive, silent or waiting.
    state: str


@dataclass(frozen=True)
class Audited:
    """The newest entries of the audit, and whether the chain holds as far as it was looked at."""

    entries: list[Entry]
    checked: int
    holds: bool


@router.get("/system")
def system_page(request: Request, parts: PartsOf, reader: ReaderOf) -> HTMLResponse:
    """Sources, outcomes, dead letters, recipients, models, audit."""
    now = reader.clock.now
    with parts.database.reading() as cursor:
        beat = pulse.beat(cursor, parts, now)
        sources = list(beat.watch.sources)
        yields = system.yields(cursor, sources, now - timedelta(days=1))
        return render(
            request,
            reader,
            "system.html",
            pulse.line(beat, reader),
            sources=_sources(beat.watch, yields),
            outcomes=system.outcomes(cursor),
            stages=system.dead_letter_stages(cursor),
            letters=system.dead_letters(cursor, LETTERS),
            topics=system.topics_read(cursor),
            gaps=system.gaps(cursor),
            models=system.models(cursor),
            heartbeats=system.heartbeats(cursor),
            ping=outages.ping(cursor),
            canary=canary.way(cursor, now),
            recipients=delivery.health(cursor, now),
            silences=silencing.listed(cursor, reader),
            audited=_audited(cursor),
            token=reading.state_token(cursor, now),
            toast=toast(cursor, parts, reader),
        )


def _audited(cursor: Cursor) -> Audited:
    newest = audit.newest(cursor, _CHECKED)
    return Audited(newest[:_SHOWN], len(newest), audit.holds(newest))


def _sources(watch: Watch, yields: list[Yield]) -> list[Row]:
    gave = {row.source_id: row for row in yields}
    rows = []
    for source_id, source in watch.sources.items():
        silent, alive = watch.is_silent(source_id), watch.is_alive(source_id)
        state = "silent" if silent else "alive" if alive else "waiting"
        rows.append(Row(source, watch.visits[source_id], gave[source_id], state))
    # What needs a look comes first.
    return sorted(rows, key=lambda row: (row.state == "alive", row.source.publisher.name))
