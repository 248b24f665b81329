"""Times as the reader sees them: in one zone, always labelled, relative only beside absolute."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.wording.words import Words

# Abbreviations that mean several zones.
_AMBIGUOUS: Final = frozenset({"CST", "IST", "BST", "AST"})
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


class Clock:
    """Now, and how any time is written beside it."""

    def __init__(self, zone: ZoneInfo, words: Words, now: datetime) -> None:
        self.now = now
        self.zone = zone
        self._words = words

    def label(self, at: datetime | None = None) -> str:
        """The zone's name at that time: HKT, or UTC+8 where the abbreviation is ambiguous."""
        local = (at or self.now).astimezone(self.zone)
        name = local.tzname() or ""
        if name.isalpha() and name not in _AMBIGUOUS:
            return name
        minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
        if not minutes:
            return "UTC"
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"

    def short(self, at: datetime) -> str:
        """`08:12 HKT` today, `21 Nov 23:05 HKT` or `11月21日 23:05 HKT` else."""
        return f"{self.bare(at)} {self.label(at)}"

    def dated(self, at: datetime) -> str:
        """With its date and year on any day: `22 Nov 2026 08:12 HKT`."""
        local = at.astimezone(self.zone)
        if self._words.language == "zh":
            date = f"{local.year}年{local.month}月{local.day}日"
        else:
            date = f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
        return f"{date} {local:%H:%M} {self.label(at)}"

    def exact(self, at: datetime) -> str:
        """As `short`, with seconds: `08:29:40 HKT`."""
        local = at.astimezone(self.zone)
        return f"{self._day_before(local)}{local:%H:%M:%S} {self.label(at)}"

    def bare(self, at: datetime) -> str:
        """As `short` without the zone, where a label stands beside."""
        local = at.astimezone(self.zone)
        return f"{self._day_before(local)}{local:%H:%M}"

    def day(self, at: datetime) -> str:
        """`21 Nov` or `11月21日`; with the year where it is another."""
        local = at.astimezone(self.zone)
        other_year = local.year != self.now.astimezone(self.zone).year
        if self._words.language == "zh":
            return f"{f'{local.year}年' if other_year else ''}{local.month}月{local.day}日"
        return f"{local.day} {_MONTHS[local.month - 1]}{f' {local.year}' if other_year else ''}"

    def hour(self, at: datetime) -> str:
        """`08:00`, where day and zone stand beside; at midnight the day."""
        local = at.astimezone(self.zone)
        return self.day(at) if local.hour == 0 else f"{local:%H:%M}"

    def iso(self, at: datetime) -> str:
        """ISO 8601 with offset, for machines."""
        return at.astimezone(UTC).isoformat(timespec="seconds")

    def ago(self, at: datetime) -> str:
        """`38 s ago`, `38 秒前`."""
        return self._words("time.ago", age=self.age(at))

    def age(self, at: datetime) -> str:
        """`38 s`, `17 min`, `3 h`, `2 days`."""
        return self.length(self.now - at)

    def length(self, span: timedelta) -> str:
        """A span of time in its largest fitting unit, rounded down; never negative."""
        seconds = max(0, int(span.total_seconds()))
        for unit, size in (
            ("years", 365 * 86_400),
            ("months", 61 * 86_400),
            ("days", 2 * 86_400),
            ("hours", 3_600),
            ("minutes", 60),
        ):
            if seconds >= size:
                one = {"months": 30 * 86_400, "days": 86_400}.get(unit, size)
                return self._words(f"time.{unit}", n=seconds // one)
        return self._words("time.seconds", n=seconds)

    def window(self, minutes: int) -> str:
        """The length of a counting window: `1 h`, `6小时`; of several days `6 days`."""
        if minutes > 1440 and minutes % 1440 == 0:
            return self._words("time.days", n=minutes // 1440)
        if minutes % 60:
            return self._words("time.window_minutes", n=minutes)
        return self._words("time.window_hours", n=minutes // 60)

    def midnight(self, at: datetime) -> datetime:
        """The start of that day in the reader's zone."""
        return at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def _day_before(self, local: datetime) -> str:
        today = self.now.astimezone(self.zone).date()
        return "" if local.date() == today else f"{self.day(local)} "
