"""The same as JSON, for other programs. Times are ISO 8601 with their offset."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import JSONResponse

from console import pulse
from console.reader import PartsOf, ReaderOf
from pipeline.store import reading
from pipeline.store.connection import StoreUnavailable
from pipeline.store.reading import Filter
from pipeline.store.shapes import Alert, Contribution, Event, Evidence
from sql.migrate import SchemaError

router = APIRouter()

# An alert carries at most fifty stories.
_ALL_EVIDENCE = 1_000


@dataclass(frozen=True)
class AlertDetail:
    """One alert with everything it rests on."""

    alert: Alert
    contributing: list[Contribution]
    evidence: list[Evidence]
    timeline: list[Event]


@dataclass(frozen=True)
class SilentSource:
    """A source that was visited and no longer answers."""

    publisher: str
    # None: it never did.
    answered_at: datetime | None


@dataclass(frozen=True)
class PulseReport:
    """Whether the system lives."""

    checked_at: datetime | None
    # Whether alerts were last checked more than three minutes ago.
    stale: bool
    newest_article_at: datetime | None
    sources_alive: int
    sources: int
    silent: list[SilentSource]
    open_alerts: int


@router.get("/api/alerts")
def alerts(
    parts: PartsOf,
    state: Literal["open", "resolved", "all"] = "open",
    text: Annotated[str, Query(max_length=100, description="part of a name or headline")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[Alert]:
    """Alerts, newest first."""
    with parts.database.reading() as cursor:
        return reading.alerts(cursor, Filter(state, text.strip(), (), limit, offset))


@router.get("/api/alerts/{alert_id}")
def alert(parts: PartsOf, reader: ReaderOf, alert_id: UUID) -> AlertDetail:
    """One alert with its evidence and its life."""
    with parts.database.reading() as cursor:
        found = reading.alert(cursor, alert_id)
        if found is None:
            raise HTTPException(404)
        return AlertDetail(
            found,
            reading.contributing(cursor, alert_id),
            reading.evidence(cursor, alert_id, reader.who, _ALL_EVIDENCE),
            reading.timeline(cursor, alert_id),
        )


@router.get("/api/pulse")
def pulse_report(parts: PartsOf) -> PulseReport:
    """When alerts were checked, what arrived last, which sources are silent."""
    with parts.database.reading() as cursor:
        beat = pulse.beat(cursor, parts, parts.now())
    return PulseReport(
        beat.pulse.checked_at,
        beat.stale,
        beat.pulse.newest_article_at,
        beat.watch.alive,
        len(beat.watch.sources),
        [SilentSource(name, visit.answered_at) for name, visit in beat.watch.silent],
        beat.pulse.open_alerts,
    )


@router.get("/healthz")
def healthz(parts: PartsOf) -> JSONResponse:
    """200 where the console can show alerts, 503 with the reason where it cannot."""
    try:
        with parts.database.reading() as cursor:
            reading.pulse(cursor)
    except (StoreUnavailable, SchemaError) as error:
        return JSONResponse({"ok": False, "reason": str(error)}, 503)
    return JSONResponse({"ok": True})
