"""What one visit to one source yields: counted while it goes on, then told to Kafka."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.messages import CrawlRun
from pipeline.sources import Source


@dataclass
class Tally:
    """Counts of one visit as they grow."""

    # Pages asked for, lists and articles; of these answered; of these with 304.
    requests: int = 0
    answered: int = 0
    not_modified: int = 0
    # Articles that Kafka acknowledged; pages for which it acknowledged a dead letter.
    published: int = 0
    refused: int = 0
    # Pages that did not come and are asked for again; why the last of them did not.
    missed: int = 0
    missed_because: str = ""
    # Lists that were read or had not changed; articles found on them.
    lists: int = 0
    listed: int = 0
    # What went wrong with the source itself, in the order it happened.
    errors: list[str] = field(default_factory=list)
    # Whether the visit could not go on, however much was read.
    broken: bool = False

    def fail(self, error: str, *, broken: bool = False) -> None:
        """Note what kept the source from being read; the same words count once."""
        self.broken = self.broken or broken
        if error not in self.errors:
            self.errors.append(error)


def crawl_run(source: Source, tally: Tally, started_at: datetime, ended_at: datetime) -> CrawlRun:
    """The visit as a message. It failed where it broke off, or where no list could be read."""
    error = "; ".join(tally.errors)[:2_000]
    return CrawlRun(
        run_id=uuid.uuid4().hex,
        source_id=source.source_id,
        started_at=started_at,
        ended_at=ended_at,
        requests=tally.requests,
        not_modified=tally.not_modified,
        published=tally.published,
        refused=tally.refused,
        status="failed" if tally.broken or tally.lists == 0 else "ok",
        error=error or (None if tally.lists else "no list of the source was read"),
        expected_per_day=source.expected_per_day,
    )
