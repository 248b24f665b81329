"""The inbox: the alerts, newest first, each with a day of its counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from console import pulse
from console.reader import PartsOf, Reader, ReaderOf
from console.rendering import render
from console.toast import toast
from models.labels import TOPICS
from pipeline.charts import spark
from pipeline.charts.windows import hourly_ends, trailing
from pipeline.store import reading, silences
from pipeline.store.connection import Cursor
from pipeline.store.reading import Filter, Span
from pipeline.store.shapes import Alert

router = APIRouter(default_response_class=HTMLResponse)

PAGE: Final = 50
_SPARK_HOURS: Final = 24
# How long after a resolved alert's last surge its day of counts ends.
_AFTERMATH: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Row:
    """One alert of the list."""

    alert: Alert
    spark: Markup
    # Until when nobody is told of it; None: no silence is over it.
    silenced_until: datetime | None


@router.get("/")
def inbox(
    request: Request,
    parts: PartsOf,
    reader: ReaderOf,
    state: Literal["open", "silenced", "resolved", "all"] = "open",
    q: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """The list of alerts."""
    text = q.strip()
    now = reader.clock.now
    wanted = Filter(
        state="open" if state == "silenced" else state,
        text=text,
        topics=topics_named(text, reader),
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
        silenced={"open": False, "silenced": True}.get(state),
        at=now,
    )
    with parts.database.reading() as cursor:
        found = reading.alerts(cursor, wanted)
        beat = pulse.beat(cursor, parts, now)
        return render(
            request,
            reader,
            "inbox.html",
            pulse.line(beat, reader),
            rows=_rows(cursor, found[:PAGE], reader),
            state=state,
            q=text,
            page=page,
            more=len(found) > PAGE,
            beat=beat,
            today=_articles_today(cursor, reader) if not found else 0,
            silenced=silences.silenced_alerts(cursor, now),
            token=reading.state_token(cursor, now),
            toast=toast(cursor, parts, reader),
        )


def topics_named(text: str, reader: Reader) -> tuple[str, ...]:
    """The topics whose name holds the text, in the reader's language."""
    if not text:
        return ()
    return tuple(
        topic for topic in TOPICS if text.lower() in reader.words(f"topic.{topic}").lower()
    )


def _articles_today(cursor: Cursor, reader: Reader) -> int:
    return reading.articles_since(cursor, reader.clock.midnight(reader.clock.now))


def _rows(cursor: Cursor, alerts: list[Alert], reader: Reader) -> list[Row]:
    ends = {alert.alert_id: _spark_ends(alert, reader) for alert in alerts}
    spans = [
        Span(
            str(alert.alert_id),
            alert.subject_kind,
            alert.subject,
            ends[alert.alert_id][0] - timedelta(minutes=alert.window_minutes),
            ends[alert.alert_id][-1],
        )
        for alert in alerts
    ]
    counts = reading.buckets(cursor, spans)
    thresholds = reading.thresholds(cursor, list(ends))
    over = silences.over(cursor, list(ends), reader.clock.now)
    rows = []
    for alert in alerts:
        length = timedelta(minutes=alert.window_minutes)
        windows = trailing(counts[str(alert.alert_id)], ends[alert.alert_id], length)
        drawn = spark.of_alert(
            [window.negative for window in windows],
            None if alert.within_topic else (alert.usual_low, alert.usual_high),
            thresholds.get(alert.alert_id),
            reader.words("inbox.spark"),
        )
        silence = over.get(alert.alert_id)
        rows.append(Row(alert, drawn, silence.ends_at if silence else None))
    return rows


def _spark_ends(alert: Alert, reader: Reader) -> list[datetime]:
    last = reader.clock.now
    if alert.state == "resolved":
        last = min(last, alert.last_surge_at + _AFTERMATH)
    return hourly_ends(alert.window_end, max(last, alert.window_end), _SPARK_HOURS)
