"""Trends: volume and net sentiment of topics and issuers, by the hour and by the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Annotated, Final, Literal

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from console import pulse, risk
from console.reader import PartsOf, Reader, ReaderOf
from console.rendering import render
from console.toast import toast
from pipeline.charts import net, spark, volume
from pipeline.charts.windows import HOUR, Window, between
from pipeline.store import reading, trends
from pipeline.store.connection import Cursor
from pipeline.store.reading import Span
from pipeline.store.shapes import SubjectKind
from pipeline.store.trends import Slot
from pipeline.wording.clock import Clock

router = APIRouter(default_response_class=HTMLResponse)

By = Literal["hours", "days"]
Of = Literal["topics", "issuers"]
KINDS: Final[dict[Of, SubjectKind]] = {"topics": "topic", "issuers": "issuer"}

_MOST_ROWS: Final = 40
_STORIES: Final = 30
# Net sentiment from which a cell takes the first, second and third shade.
_SHADES: Final = (0.1, 0.35, 0.65)
_DAMPING: Final = 2


@dataclass(frozen=True)
class Cell:
    """One slot of one subject."""

    n: int
    # None where there is no story.
    net: float | None
    # −3 to +3.
    shade: int


@dataclass(frozen=True)
class Row:
    """One subject over all slots."""

    subject: str
    name_en: str
    name_zh: str
    code: str | None
    total: Cell
    cells: list[Cell]
    spark: Markup


@router.get("/trends")
def overview(
    request: Request, parts: PartsOf, reader: ReaderOf, of: Of = "topics", by: By = "hours"
) -> HTMLResponse:
    """Every topic, or the issuers with most stories."""
    bounds = slots(reader.clock, by)
    with parts.database.reading() as cursor:
        found = trends.busiest(cursor, KINDS[of], bounds, _MOST_ROWS)
        return render(
            request,
            reader,
            "trends.html",
            pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader),
            of=of,
            by=by,
            rows=_rows(found, len(bounds) - 1, reader),
            bounds=bounds,
            most=_MOST_ROWS,
            token=reading.state_token(cursor, reader.clock.now),
            toast=toast(cursor, parts, reader),
        )


@router.get("/trends/{of}/{subject}")
def series(
    request: Request,
    parts: PartsOf,
    reader: ReaderOf,
    of: Of,
    subject: Annotated[str, Path(max_length=100)],
    by: By = "hours",
) -> HTMLResponse:
    """One topic or issuer: its charts and newest stories."""
    bounds = slots(reader.clock, by, fine=True)
    span = (bounds[0], bounds[-1])
    with parts.database.reading() as cursor:
        name = trends.series_name(cursor, KINDS[of], subject)
        if name is None:
            raise HTTPException(404)
        wanted = Span("series", KINDS[of], subject, *span)
        windows = between(reading.buckets(cursor, [wanted])["series"], bounds)
        known = _known(cursor, list(parts.roster.sources()), windows, by)
        caption = reader.words("chart.net_slots")
        return render(
            request,
            reader,
            "series.html",
            pulse.line(pulse.beat(cursor, parts, reader.clock.now), reader),
            of=of,
            by=by,
            name=name,
            charts=[
                ("volume", volume.draw(windows, known, reader.words, reader.clock)),
                ("net", net.draw(windows, known, caption, reader.words, reader.clock)),
            ],
            risk=risk.panel(cursor, reader, subject) if of == "issuers" else None,
            stories=trends.latest_stories(cursor, KINDS[of], subject, span, _STORIES),
            token=reading.state_token(cursor, reader.clock.now),
            toast=toast(cursor, parts, reader),
        )


def slots(clock: Clock, by: By, *, fine: bool = False) -> list[datetime]:
    """Where slots begin, and last where the newest ends.

    Hours: 12 slots of two hours, or with `fine` 48 of one. Days: 14 days of the reader's zone, or
    with `fine` 30; today's is not over yet.
    """
    if by == "hours":
        step = HOUR if fine else 2 * HOUR
        local = clock.now.astimezone(clock.zone).replace(minute=0, second=0, microsecond=0)
        last = (local + HOUR).astimezone(UTC)
        return [last - step * back for back in reversed(range((48 if fine else 12) + 1))]
    today = clock.midnight(clock.now)
    count = 30 if fine else 14
    # Days of the calendar, which may have 23 or 25 hours: adding to local time stays at midnight.
    days = [today + timedelta(days=1 - back) for back in reversed(range(count + 1))]
    return [day.astimezone(UTC) for day in days]


def shade(surplus: int, n: int) -> int:
    """The step of the heat scale, −3 to +3, for `surplus` more positive than negative stories of n.

    Two neutral stories are added, so that a single story does not shout.
    """
    value = surplus / (n + _DAMPING)
    steps = sum(abs(value) >= least for least in _SHADES)
    return steps if value > 0 else -steps


def _known(cursor: Cursor, sources: list[str], windows: Sequence[Window], by: By) -> list[bool]:
    """Whether anything was watched in each slot; days are not looked at by the hour."""
    if by == "days":
        return [True] * len(windows)
    start, end = windows[0].left, windows[-1].end
    watched = reading.watched_hours(cursor, sources, start, end)
    return [place in watched for place in range(len(windows))]


def _rows(found: Sequence[Slot], count: int, reader: Reader) -> list[Row]:
    # One scale for all rows, or a topic with one story would look as busy as one with twenty.
    most = max((slot.n for slot in found), default=1)
    rows = []
    for _, of_subject in groupby(found, key=lambda slot: slot.subject):
        filled = list(of_subject)
        first, by_place = filled[0], {slot.slot: slot for slot in filled}
        places = [by_place.get(place + 1) for place in range(count)]
        cells = [_cell([slot] if slot else []) for slot in places]
        label = reader.words("trends.volume")
        bars = spark.of_volume([cell.n for cell in cells], most, label)
        names = (first.subject, first.name_en, first.name_zh, first.code)
        rows.append(Row(*names, _cell(filled), cells, bars))
    return rows


def _cell(counted: Sequence[Slot]) -> Cell:
    n = sum(slot.n for slot in counted)
    surplus = sum(slot.positive - slot.negative for slot in counted)
    return Cell(n, surplus / n if n else None, shade(surplus, n))
