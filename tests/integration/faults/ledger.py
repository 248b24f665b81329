"""Whether every record has exactly one outcome, counted from what is stored."""

import os
import platform
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.integration.consuming import OUTCOMES
from tests.integration.ingest import world

# Offsets that no batch counted, and those that more than one did.
_TIMES = """
SELECT count(*) FILTER (WHERE times = 1), count(*) FILTER (WHERE times > 1)
FROM (SELECT count(*) AS times
      FROM ingest_batch, generate_series(first_offset, next_offset - 1) AS read (o)
      GROUP BY topic_id, partition, o) AS each
"""
# Seconds that a run may take.
PATIENCE_S = 180.0
_NAMES = ("scored", "copy", "unchanged", "unscored", "dead")


@dataclass
class Row:
    """One fault, over all its runs."""

    runs: int = 0
    sent: int = 0
    gap: int = 0
    lost: int = 0
    doubled: int = 0


@dataclass
class Ledger:
    """Fault -> what came of it."""

    rows: dict[str, Row] = field(default_factory=lambda: defaultdict(Row))

    def note(self, fault: str, link: Any, sent: int, gap: int = 0) -> None:
        """Add one run, counted from what is stored; so many records were told to lie in a gap."""
        once, more = ask(link, _TIMES)
        row = self.rows[fault]
        row.runs += 1
        row.sent += sent
        row.gap += gap
        row.lost += max(0, sent - gap - once - more)
        row.doubled += more

    def check(
        self, fault: str, link: Any, expected: world.World, patience_s: float = PATIENCE_S
    ) -> None:
        """Wait for a run to end, note what it came to, and fail where that is not what was sent."""
        sent, until = len(expected.messages), time.monotonic() + patience_s
        while total(link) < sent and time.monotonic() < until:
            time.sleep(0.05)
        self.note(fault, link, sent)
        assert ask(link, _TIMES) == (sent, 0)
        assert_whole(link, expected)

    def page(self) -> str:
        """The table as a page of the documentation."""
        lines = [
            "# Faults: what a consumer loses and doubles",
            "",
            "Printed by `make chaos`: real Kafka and PostgreSQL, and the keyword stub where no",
            "other model is named. A record is lost when no batch counted it, doubled when two",
            "did. Behind a gap in Kafka's own log a partition stands still and the gap is told,",
            "until an operator accepts it. A run passes where besides every stored row is the one",
            "that must be there: stories, articles, copies, revisions, dead letters, signals.",
            "",
            f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}.",
            "",
            "| fault | runs | records | told as a gap | lost | doubled |",
            "|---|---|---|---|---|---|",
        ]
        for fault, row in self.rows.items():
            counts = (row.runs, row.sent, row.gap, row.lost, row.doubled)
            lines.append(f"| {fault} | {' | '.join(f'{n:,}' for n in counts)} |")
        return "\n".join(lines) + "\n"


def assert_whole(link: Any, expected: world.World) -> None:
    """Outcomes add up, every offset was read once, and the rows are those that must be there."""
    assert outcomes(link) == expected.outcomes
    for statement, count in (
        ("SELECT count(*) FROM story WHERE merged_into IS NULL", expected.stories),
        ("SELECT count(*) FROM article", expected.articles),
        ("SELECT count(*) FROM dead_letter", expected.outcomes["dead"]),
        (
            "SELECT count(*) FROM revision r WHERE NOT EXISTS (SELECT 1 FROM article a"
            " WHERE a.article_id = r.article_id AND a.current_rev >= r.rev)",
            0,
        ),
        # Each batch begins where the one before it ended, from offset 0 on.
        (
            "SELECT count(*) FROM (SELECT first_offset, coalesce(lag(next_offset) OVER"
            " (PARTITION BY topic_id, partition ORDER BY first_offset), 0) AS ended"
            " FROM ingest_batch) AS b WHERE first_offset <> ended",
            0,
        ),
        # One signal a story and topic; copies are counted from the articles that are there.
        (
            "SELECT count(*) FROM story_signal g JOIN series USING (series_id)"
            " WHERE kind = 'topic'",
            expected.stories,
        ),
        (
            "SELECT coalesce(sum(copies), 0) FROM story_signal JOIN series USING (series_id)"
            " WHERE kind = 'topic'",
            expected.outcomes["copy"],
        ),
    ):
        assert ask(link, statement) == (count,), statement


def outcomes(link: Any) -> dict[str, int]:
    """The five counts, as the batches recorded them."""
    return {name: int(n or 0) for name, n in zip(_NAMES, ask(link, OUTCOMES), strict=True)}


def total(link: Any) -> int:
    """How many records have an outcome."""
    return sum(outcomes(link).values())


def ask(link: Any, statement: str) -> tuple[Any, ...]:
    """The one row that a statement returns."""
    with link.cursor() as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] = cursor.fetchone()
        return row
