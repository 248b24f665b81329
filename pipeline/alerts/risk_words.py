"""What a risk score rests on, in words."""

from collections.abc import Mapping
from typing import Any, Final

from pipeline.wording.words import Words

_TOPICS: Final = 3


def said(driver: Mapping[str, Any], words: Words) -> str:
    """What one driver rests on, as it is kept: `7 of 9 stories in 14 days are negative`."""
    facts = dict(driver["facts"])
    if facts.get("topic"):
        facts["topic"] = words.known("topic", facts["topic"])
    if facts.get("severity"):
        facts["severity"] = words.known("severity", facts["severity"])
    if "topics" in facts:
        named = [words.known("topic", topic) for topic in facts["topics"][:_TOPICS]]
        facts["topics"] = words.join(named)
    return words(f"risk.{driver['name']}", **facts)
