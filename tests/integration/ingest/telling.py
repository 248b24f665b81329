"""Reports that a model, played by the stub, takes for one event or not: told by their titles."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np

from models.mentions import Spans
from models.runtime.protocol import Prediction
from models.runtime.stub import StubRuntime
from pipeline.entities.linker import Linker
from pipeline.messages import Publisher, RawArticle
from pipeline.scoring import Scorer
from tests.integration.ingest import world
from tests.integration.ingest.batches import ISSUERS, Writer

# One event in the words of five publishers.
OUTAGE = (
    "Larkfield Pharma halts its Quorvane line after a leak",
    "Coolant loss stops vials at Larkfield Pharma in Quorvane",
    "Shortage feared: Larkfield Pharma shuts the Quorvane plant",
    "Quorvane output of Larkfield Pharma suspended, pipe to blame",
    "Burst pipe forces Larkfield Pharma and Solano Air to delay Quorvane flights of vaccine",
)
# What a vector alone would take for the same.
LIKE_IT = {
    "another company": "Orrin Steelworks suspends its furnace at Quorvane after a leak",
    "nothing rare in common": "Managers at a plant wait for repairs",
    "another language": "Larkfield Pharma 因泄漏暂停 Quorvane 疫苗生产线，公司称正在检修设备",
    "a denial": "Larkfield Pharma denies that the Quorvane leak was serious",
}
# The same company on the same day.
ANOTHER = "Larkfield Pharma fined over the Quorvane warehouse"
_TITLES = (*OUTAGE, *LIKE_IT.values(), ANOTHER)


class Taught(StubRuntime):
    """The stub with vectors: reports of one event have a cosine of 0.64, others 0."""

    tells_events = True

    def score(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Spans]] | None = None
    ) -> list[Prediction]:
        said = super().score(texts, mentions)
        return [replace(one, vector=_vector(text)) for text, one in zip(texts, said, strict=True)]


def _vector(text: str) -> Any:
    title, found = text.partition("\n")[0], np.zeros(384, np.float32)
    if title in _TITLES:
        found[int(title == ANOTHER)], found[2 + _TITLES.index(title)] = 0.8, 0.6
    return found


SCORER = Scorer(Taught(), Linker(ISSUERS))


def writer(url: str) -> Writer:
    """A consumer's store whose model tells events."""
    return Writer(url, scorer=SCORER)


def report(title: str, minutes: int = 0, **fields: Any) -> RawArticle:
    """An article of a publisher of its own, so many minutes after the first."""
    name = f"publisher-{_TITLES.index(title)}"
    at = world.NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    told = world.article(
        f"https://{name}.example/1", title, "", publisher=Publisher(name, name, name, "wire"), at=at
    )
    return msgspec.structs.replace(told, **fields)
