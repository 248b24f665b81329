"""How long a backtest of a month over hundreds of issuers takes, without reading the database.

    python benchmarks/backtest.py [--issuers 300] [--days 30]

One issuer in ten has 50 negative stories a day, the others one or two; every source is visited
hourly. Prints one JSON line.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from pipeline.alerts import rules
from pipeline.alerts.backtest.past import WARM_UP, Case, Past
from pipeline.alerts.backtest.running import backtest
from pipeline.alerts.backtest.watching import Told, Watch
from pipeline.alerts.record import Subject
from pipeline.alerts.windows import DAY, Series, Story, bucket_of

_SINCE = datetime(2026, 3, 2, tzinfo=UTC)
_TOPICS = 15
_OWNERS = tuple(frozenset({f"owner {number}"}) for number in range(20))


def _stories(chance: np.random.Generator, issuers: int, begin: datetime, days: int) -> list[Story]:
    """Bursts of geometric size, so that counts are overdispersed."""
    found = []
    for issuer in range(issuers):
        rate = 50.0 if issuer % 10 == 0 else 1.5
        for at in chance.random(chance.poisson(rate * days / 1.5)) * days:
            for hours in chance.random(chance.geometric(1 / 1.5)) * 3:
                when = begin + timedelta(days=float(at), hours=float(hours))
                topic = f"topic {chance.integers(_TOPICS)}"
                key = UUID(int=len(found) + 1)
                found.append(Story(key, when, 1.0, (f"issuer {issuer}",), topic))
    return found


def _cases(stories: list[Story], issuers: int) -> Iterator[tuple[str, list[Case]]]:
    about: dict[str, list[Story]] = {f"issuer {number}": [] for number in range(issuers)}
    filed: dict[str, list[Story]] = {f"topic {number}": [] for number in range(_TOPICS)}
    for story in stories:
        about[story.issuers[0]].append(story)
        filed[str(story.topic)].append(story)
    for kind, series in (("issuer", about), ("topic", filed)):
        yield (
            kind,
            [
                Case(Subject(kind, name, number, None), Series.of(kind, some))
                for number, (name, some) in enumerate(series.items())
            ],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issuers", type=int, default=300)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    rule = rules.parse("surge", rules.shipped()["surge"])
    chance = np.random.default_rng(1)
    reach = rule.reach + DAY
    begin, until = _SINCE - WARM_UP, _SINCE + asked.days * DAY
    days = (until - begin + reach) // DAY
    stories = _stories(chance, asked.issuers, begin - reach, days)
    first, last = ((bucket_of(at) // 12) for at in (begin - reach, until))
    hours = list(range(first, last))
    told = Told("wire", hours, [10] * len(hours), hours, first)
    covered = frozenset(
        (begin - reach + n * DAY).date() for n in range((until - begin + reach).days)
    )
    watch = Watch([told], dict.fromkeys(hours, 10), covered, reach)
    owners = {story.story_id: _OWNERS[story.story_id.int % 20] for story in stories}
    past = Past(begin, until, dict(_cases(stories, asked.issuers)), owners, {}, watch)
    started = time.perf_counter()
    fired = backtest(rule, past, _SINCE)
    seconds = time.perf_counter() - started
    counted = sum(story.at >= begin for story in stories)
    figures = {"issuers": asked.issuers, "days": asked.days, "stories": counted}
    print(json.dumps(figures | {"alerts": len(fired), "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
