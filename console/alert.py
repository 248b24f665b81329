"""The alert page: why, the charts, the evidence, what was done, and where the figures come from."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from console import pulse
from console.reader import Parts, PartsOf, Reader, ReaderOf
from console.rendering import render
from console.toast import toast
from models.labels import SENTIMENTS, TOPICS
from pipeline.alerts.history import figure, history, leading
from pipeline.alerts.timeline import Timeline
from pipeline.charts import net, publishers
from pipeline.charts.figure import Figure, axis_of
from pipeline.store import delivery, reading, silences
from pipeline.store.connection import Cursor
from pipeline.store.shapes import Alert, Contribution

router = APIRouter(default_response_class=HTMLResponse)
log = logging.getLogger(__name__)

# Stories on one page: with the longest addresses and titles it still weighs less than 100 KB.
PAGE: Final = 12


@dataclass(frozen=True)
class Step:
    """One step of the alert's life, in words."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart of the page, or the number under which its failure was logged."""

    name: str
    figure: Figure | None
    ref: str = ""


@router.get("/alerts/{alert_id}")
def alert_page(
    request: Request,
    parts: PartsOf,
    reader: ReaderOf,
    alert_id: UUID,
    page: Annotated[int, Query(ge=1, le=1_000)] = 1,
) -> HTMLResponse:
    """Everything about one alert."""
    with parts.database.reading() as cursor:
        alert = reading.alert(cursor, alert_id)
        if alert is None:
            raise HTTPException(404)
        contributing = reading.contributing(cursor, alert_id)
        led_by = leading(alert, contributing)
        rule = reading.rule_body(cursor, alert.rule_id, alert.rule_version)
        why = reader.phrases.why(alert, led_by, rule)
        why += reader.phrases.beside(alert, contributing)
        evidence = reading.evidence(cursor, alert_id, reader.who, PAGE, (page - 1) * PAGE)
        return render(
            request,
            reader,
            "alert.html",
            pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader),
            alert=alert,
            why=why,
            brief=reader.phrases.brief(alert, why, evidence, str(request.url.replace(query=""))),
            silence=silences.over(cursor, [alert_id], reader.clock.now).get(alert_id),
            charts=_charts(cursor, parts, reader, alert, led_by),
            evidence=evidence,
            stories=reading.evidence_count(cursor, alert_id),
            page=page,
            page_size=PAGE,
            timeline=_timeline(cursor, alert_id, reader),
            taken_on=_taken_on(cursor, alert, reader),
            contributing=contributing,
            earlier=reading.earlier_alerts(cursor, alert),
            silent_then=_silent_then(cursor, parts, alert),
            sentiments=SENTIMENTS,
            topics=TOPICS,
            token=reading.state_token(cursor, reader.clock.now),
            toast=toast(cursor, parts, reader),
        )


def _timeline(cursor: Cursor, alert_id: UUID, reader: Reader) -> list[Step]:
    """Found, told whom by which channel, done by whom; the latest first."""
    say = Timeline(reader.words, reader.clock)
    steps = [Step(event.at, say.event(event)) for event in reading.timeline(cursor, alert_id)]
    steps += [Step(told.at, say.told(told)) for told in delivery.told(cursor, alert_id)]
    return sorted(steps, key=lambda step: step.at)[::-1]


def _taken_on(cursor: Cursor, alert: Alert, reader: Reader) -> str | None:
    """Who acknowledged it, until when and why, where more was said than that."""
    if alert.state != "acknowledged":
        return None
    done = [e for e in reading.timeline(cursor, alert.alert_id) if e.what == "acknowledged"]
    said = done and {"until", "worse", "comment"} & done[-1].detail.keys()
    return Timeline(reader.words, reader.clock).event(done[-1]) if said else None


def _silent_then(cursor: Cursor, parts: Parts, alert: Alert) -> list[str]:
    """Names of the sources that did not answer when the alert was found."""
    sources = parts.roster.sources()
    visits = reading.visits(cursor, list(sources), alert.detected_at)
    return [name for name, _ in parts.roster.watch(visits, alert.detected_at).silent]


def _charts(
    cursor: Cursor, parts: Parts, reader: Reader, alert: Alert, led_by: Contribution | None
) -> list[Chart]:
    past = history(cursor, alert, list(parts.roster.sources()), reader.clock.now)
    times = reading.evidence_times(cursor, alert.alert_id)
    words, clock = reader.words, reader.clock
    drawn = {
        "counts": lambda: figure(past, alert, led_by, words, clock),
        "net": lambda: net.draw(
            past.windows,
            past.known,
            words("chart.net_caption", window=clock.window(alert.window_minutes)),
            words,
            clock,
        ),
        "publishers": lambda: publishers.draw(times, axis_of(past.windows), words, clock),
    }
    made = [_chart(name, draw) for name, draw in drawn.items()]
    return [chart for chart in made if chart.figure or chart.ref]


def _chart(name: str, draw: Callable[[], Figure | None]) -> Chart:
    """A chart that cannot be drawn must not take the evidence with it."""
    try:
        return Chart(name, draw())
    except Exception:
        ref = secrets.token_hex(2).upper()
        log.exception("chart %s failed, ref %s", name, ref)
        return Chart(name, None, ref)
