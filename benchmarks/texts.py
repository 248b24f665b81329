"""Texts that benchmarks read: files of lines, and the sample newswire."""

import json
from pathlib import Path
from typing import Any

from pipeline import settings

_ARTICLES = settings.ROOT / "demo" / "newswire" / "articles"


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def newswire() -> list[tuple[str, dict[str, Any]]]:
    """Language and article, in the order of the files."""
    return [(file.stem, one) for file in sorted(_ARTICLES.glob("*.jsonl")) for one in lines(file)]
