"""The risk score of an issuer as its pages show it: the figure, its drivers, its hours."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.reader import Reader
from pipeline.alerts.risk import hour_of
from pipeline.alerts.risk_words import said
from pipeline.charts import risk as chart
from pipeline.charts.figure import Figure
from pipeline.charts.windows import HOUR
from pipeline.store import risk as store
from pipeline.store.connection import Cursor

_HOURS: Final = 48


@dataclass(frozen=True)
class Panel:
    """The newest score of one issuer."""

    score: float
    as_of: datetime
    # What it rests on and its points, those that count most first.
    drivers: list[tuple[str, float]]
    figure: Figure


def panel(cursor: Cursor, reader: Reader, issuer: str) -> Panel | None:
    """What is known of an issuer's risk; None: nobody was ever scored."""
    scored = store.span(cursor)
    if scored.until is None:
        return None
    newest = hour_of(scored.until)
    hours = [newest - HOUR * back for back in reversed(range(_HOURS))]
    kept = {row.hour: row for row in store.hours(cursor, issuer, hours[0], newest + HOUR)}
    since = scored.since or newest
    scores = {hour: kept[hour].score if hour in kept else 0.0 for hour in hours if hour >= since}
    last = kept.get(newest)
    return Panel(
        last.score if last else 0.0,
        last.as_of if last else scored.until,
        [
            (said(d, reader.words), d["points"])
            for d in (last.drivers if last else ())
            if d["points"]
        ],
        chart.draw(hours, scores, reader.words, reader.clock),
    )
