"""A report joins the story that tells the same event, and no other."""

from typing import Any

import numpy as np

from pipeline.reports import Reports, Story


def _story(name: str, rare: str = "orrin", **more: Any) -> Story[str]:
    return Story(name, None, None, {rare}, **more)


def _vector(*parts: float) -> Any:
    return np.array(parts, np.float32) / np.linalg.norm(parts)


def test_the_nearest_story_that_may_be_the_same_is_taken() -> None:
    reports: Reports[str] = Reports()
    reports.add("near", _story("near", rare="other"), _vector(1, 0.1))
    reports.add("far", _story("far"), _vector(1, 0.9))
    match = reports.nearest(_vector(1, 0), _story("new"))
    assert match is not None
    assert (match.story.name, match.nearest) == ("far", "far")


def test_stories_of_other_issuers_are_two_and_of_unknown_ones_may_be_one() -> None:
    reports: Reports[str] = Reports()
    reports.add("a", _story("a", issuers={1, 2}), _vector(1, 0))
    assert reports.nearest(_vector(1, 0), _story("b", issuers={3})) is None
    assert reports.nearest(_vector(1, 0), _story("b", issuers={2, 3})) is not None
    assert reports.nearest(_vector(1, 0), _story("b")) is not None


def test_a_story_is_known_by_all_its_reports() -> None:
    reports: Reports[str] = Reports()
    story = _story("a", issuers={1})
    reports.add("a", story, _vector(1, 0))
    story.take(_story("b", rare="vale", issuers={2}))
    reports.add("b", story, _vector(0.8, 0.6))
    match = reports.nearest(_vector(0.7, 0.7), _story("c", rare="vale", issuers={2}))
    assert match is not None
    assert (match.story.name, match.nearest) == ("a", "b")
