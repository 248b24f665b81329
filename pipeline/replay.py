"""Any dated dump of news through Kafka and everything after it, marked as replay."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from pipeline.bus import BusError, Coordinates, Sender
from pipeline.messages import (
    RAW_TOPIC,
    MessageError,
    Publisher,
    RawArticle,
    Rights,
    article_id,
    canonical_address,
    encode,
)

# Sent and not yet acknowledged, at most.
_IN_FLIGHT: Final = 500

# What an id keeps of a name; between them stand dashes.
_KEPT: Final = re.compile(r"[a-z0-9]+")
_LONGEST_SLUG: Final = 80


class DumpLine(msgspec.Struct, frozen=True):
    """One line of a dump. Further fields are ignored."""

    published_at: datetime
    text: str | None = None
    title: str | None = None
    body: str | None = None
    url: str | None = None
    publisher: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    lang: Annotated[str, msgspec.Meta(max_length=35)] | None = None


@dataclass(frozen=True)
class BadLine:
    """A line that is no article, and why."""

    number: int
    cause: str


@dataclass
class Sent:
    """What became of a dump's lines on their way to Kafka."""

    acknowledged: int = 0
    bad: list[BadLine] = field(default_factory=list)


_decoder: Final = msgspec.json.Decoder(DumpLine)


def read(lines: Iterable[bytes], now: datetime) -> Iterator[tuple[int, RawArticle | BadLine]]:
    """Line number and article, or what is wrong with the line; blank lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, _article(_decoder.decode(line), now)
        except (msgspec.MsgspecError, MessageError, ValueError) as error:
            yield number, BadLine(number, str(error))


def _article(line: DumpLine, now: datetime) -> RawArticle:
    title = (line.title or line.text or "").strip()
    if not title:
        raise MessageError("neither text nor title")
    if line.published_at.tzinfo is None:
        raise MessageError("published_at has no time zone; write one, such as +00:00")
    body = line.body or (line.text if line.title else None)
    name = line.publisher or "unknown publisher"
    address = canonical_address(line.url) if line.url else _made_up(title, line.published_at)
    return RawArticle(
        article_id=article_id(address),
        url=address,
        source_id="replay",
        publisher=Publisher(_publisher_id(name), name, name, "portal"),
        title=title[:2_000],
        body=body or "",
        lang_hint=line.lang,
        published_at=line.published_at,
        fetched_at=now,
        origin="replay",
        rights=Rights("licensed"),
    )


def _publisher_id(name: str) -> str:
    """Always the same for a name, and another for a name that differs in more than spelling.

    Spaces, dashes and case are spelling; whatever else the id cannot show is told by a digest.
    """
    spelled = " ".join(name.lower().replace("-", " ").split())
    slug = "-".join(_KEPT.findall(spelled))[:_LONGEST_SLUG].rstrip("-")
    if slug and slug == spelled.replace(" ", "-"):
        return slug
    if not slug:
        return "p-" + hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{slug}-{hashlib.sha256(spelled.encode()).hexdigest()[:12]}"


def _made_up(title: str, published_at: datetime) -> str:
    digest = hashlib.sha256(f"{title}\0{published_at.isoformat()}".encode()).hexdigest()[:32]
    return f"https://replay.invalid/{digest}"


@dataclass(frozen=True)
class Pace:
    """How fast the dump's own time passes."""

    # Seconds of the dump in one second; None: as fast as Kafka takes them.
    speed: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def play(
    lines: Iterable[bytes],
    producer: Sender,
    report: Callable[[Sent], None] = lambda _: None,
    pace: Pace | None = None,
) -> Sent:
    """Send every good line and wait for its ack; `report` is called as acks come in.

    With a speed the lines must be in the order of publication. Raises BusError where Kafka does not
    take one.
    """
    pace = pace or Pace()
    sent = Sent()
    waiting: list[Future[Coordinates]] = []
    begun, first = pace.clock(), None
    for number, item in read(lines, datetime.now(UTC)):
        if isinstance(item, BadLine):
            sent.bad.append(item)
            continue
        if pace.speed and item.published_at:
            first = first or item.published_at
            due = begun + (item.published_at - first).total_seconds() / pace.speed
            pace.sleep(max(0.0, due - pace.clock()))
        try:
            payload = encode(item)
        except MessageError as error:
            sent.bad.append(BadLine(number, str(error)))
            continue
        waiting.append(producer.send(RAW_TOPIC, item.article_id, payload))
        if len(waiting) >= _IN_FLIGHT or pace.speed:
            sent.acknowledged += _acknowledged(waiting)
            waiting = []
            report(sent)
    sent.acknowledged += _acknowledged(waiting)
    report(sent)
    return sent


def _acknowledged(waiting: Sequence[Future[Coordinates]]) -> int:
    for future in waiting:
        try:
            future.result(timeout=60)
        except TimeoutError as error:
            raise BusError("Kafka did not acknowledge within 60 s") from error
    return len(waiting)
