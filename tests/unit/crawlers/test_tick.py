from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pytest

from crawlers.tick import by_site
from crawlers.visit import Visit
from pipeline.messages import Publisher
from pipeline.sources import Source


@dataclass
class Planned:
    """As much of a visit as a plan needs."""

    source: Source


def source(name: str, *urls: str, sites: tuple[str, ...] = ()) -> Source:
    return Source(
        source_id=name,
        publisher=Publisher("p", "P", "P", "wire"),
        kind="feed",
        urls=urls,
        sites=sites,
        language="en",
        expected_per_day=1,
        digest="",
    )


@pytest.mark.parametrize(
    ("sources", "groups"),
    [
        # Feeds on two hosts, articles on one site.
        (
            [
                source("a", "https://feeds.example.com/a.xml"),
                source("b", "https://example.org/b.xml"),
                source("c", "https://www.example.com/c.xml"),
            ],
            [["a", "c"], ["b"]],
        ),
        # What two have in common with a third makes three of them neighbours, in their order.
        (
            [
                source("a", "https://example.com/a.xml"),
                source("b", "https://example.org/b.xml"),
                source(
                    "c", "https://feeds.example.net/c.xml", sites=("example.org", "example.com")
                ),
            ],
            [["a", "b", "c"]],
        ),
        (
            [
                source("a", "http://127.0.0.1:8101/a.xml"),
                source("b", "http://127.0.0.1:8102/b.xml"),
            ],
            [["a"], ["b"]],
        ),
    ],
    ids=["one site", "by a third", "two servers"],
)
def test_sources_that_share_a_site_are_visited_in_turn(
    sources: Sequence[Source], groups: list[list[str]]
) -> None:
    visits = cast(list[Visit], [Planned(each) for each in sources])
    found = [[visit.source.source_id for visit in group] for group in by_site(visits)]
    assert sorted(found) == groups
