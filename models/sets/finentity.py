"""FinEntity: paragraphs of newswire, the sentiment of every entity they name."""

import json
from collections.abc import Iterator
from pathlib import Path

from models.sets.spec import Hub, Named, PublicSet, Record, of_text


def _read(path: Path, split: str | None) -> Iterator[Record]:
    for number, item in enumerate(json.loads(path.read_bytes())):
        named = tuple(
            Named(text=str(a["value"]), sentiment=str(a["tag"]).lower(), start=int(a["start"]))
            for a in item["annotations"]
        )
        told = {entity.sentiment for entity in named}
        yield Record(
            id=f"{path.stem}-{number:04}",
            text=str(item["content"]),
            lang="en",
            sentiment=told.pop() if len(told) == 1 else None,
            entities=named,
            split=split,
        )


SET = PublicSet(
    name="finentity",
    file="finentity.jsonl",
    licence="ODC-BY",
    notes="By people. A text has a sentiment where all its entities agree. Lost quotation marks "
    "have shifted some offsets of the original: the place closest to what it says is taken.",
    labels=of_text,
    hub=Hub(repo="yixuantt/FinEntity", revision="main", files={"FinEntity.json": None}, read=_read),
    train_part=None,
)
