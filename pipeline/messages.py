"""The three Kafka messages, typed; their JSON Schema is generated from here.

A message carries its schema version in `v`. Nothing is removed or renamed within a version: a
change that an old reader would misread is a new topic, and the golden files of the old one stay.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from string import whitespace
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

RAW_TOPIC: Final = "news.raw.v1"
DEAD_TOPIC: Final = "news.dlq.v1"
RUNS_TOPIC: Final = "crawl.runs.v1"

# A broker refuses more; the crawler dead-letters first, with the cause.
MAX_MESSAGE_BYTES: Final = 2 * 1024 * 1024

# canary: an article of our own that tries the path out, and is counted nowhere.
Origin = Literal["live", "backfill", "replay", "canary"]
Kind = Literal["news", "research", "comment"]
Tier = Literal["filing", "wire", "paper", "portal", "self-media"]

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
# `$` alone would let a closing newline through.
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$(?!\n)")]
HexId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
# What the database counts in.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class MessageError(ValueError):
    """Bytes that are not a message of ours; the text is the cause a dead letter carries."""


class Rights(msgspec.Struct, frozen=True):
    """What of an article may be kept after it was scored."""

    # link: title and address only; snippet: the first `characters`; full: the body for `days`;
    # licensed: the body for good.
    keep: Literal["link", "snippet", "full", "licensed"] = "link"
    # With snippet: how many characters of the body are kept.
    characters: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None
    # With full: after how many days the body is erased.
    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None


class Publisher(msgspec.Struct, frozen=True):
    """Who put the article out."""

    publisher_id: Identifier
    name: Text
    # Titles of one owner count once when publishers are counted.
    owner: Text
    tier: Tier


class RawArticle(msgspec.Struct, frozen=True, kw_only=True):
    """`news.raw.v1`, keyed by article_id: one fetched version of one article."""

    v: Literal[1] = 1
    # First 16 bytes of sha256 of the canonical address, hex.
    article_id: HexId
    # Canonical address.
    url: Text
    source_id: Identifier
    publisher: Publisher
    kind: Kind = "news"
    title: Text
    # Plain text, paragraphs separated by a newline. May be empty.
    body: str = ""
    # What the page says of itself, never believed over what the text shows.
    lang_hint: Annotated[str, msgspec.Meta(max_length=35)] | None = None
    # None: the page is undated.
    published_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    fetched_at: Annotated[datetime, msgspec.Meta(tz=True)]
    origin: Origin = "live"
    rights: Rights = Rights()


class RefusedArticle(msgspec.Struct, frozen=True, kw_only=True):
    """`news.dlq.v1`, keyed by source_id: what a crawler would not publish, with its cause."""

    v: Literal[1] = 1
    source_id: Identifier
    url: Annotated[str, msgspec.Meta(max_length=2_000)]
    # Which step refused it: fetch, extract, validate, publish.
    stage: Literal["fetch", "extract", "validate", "publish"]
    cause: Text
    # The first 64 KiB of what was fetched.
    raw: Annotated[bytes, msgspec.Meta(max_length=64 * 1024)] = b""
    at: Annotated[datetime, msgspec.Meta(tz=True)]


class CrawlRun(msgspec.Struct, frozen=True, kw_only=True):
    """`crawl.runs.v1`, keyed by source_id: what one visit to one source yielded."""

    v: Literal[1] = 1
    run_id: HexId
    source_id: Identifier
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    ended_at: Annotated[datetime, msgspec.Meta(tz=True)]
    # Pages asked for; of these answered 304 Not Modified; articles acknowledged by Kafka; refused.
    requests: Count
    not_modified: Count
    published: Count
    refused: Count
    # ok: the source answered; failed: it did not, `error` says why.
    status: Literal["ok", "failed"]
    error: Annotated[str, msgspec.Meta(max_length=2_000)] | None = None
    # Articles a day the source's YAML promises; a shortfall is an operator's alert.
    expected_per_day: Annotated[float, msgspec.Meta(ge=0, le=1e9)]


Message = RawArticle | RefusedArticle | CrawlRun

TOPIC_TYPES: Final[dict[str, type[Message]]] = {
    RAW_TOPIC: RawArticle,
    DEAD_TOPIC: RefusedArticle,
    RUNS_TOPIC: CrawlRun,
}

_encoder: Final = msgspec.json.Encoder()
_decoders: Final = {topic: msgspec.json.Decoder(kind) for topic, kind in TOPIC_TYPES.items()}


def encode(message: Message) -> bytes:
    """The bytes that go to Kafka. Raises MessageError where they would not come back alike."""
    try:
        payload = _encoder.encode(message)
    except UnicodeEncodeError as error:
        raise MessageError(f"text is not valid Unicode: {error.reason}") from error
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(payload)} bytes; at most {MAX_MESSAGE_BYTES}")
    return payload


def decode(topic: str, payload: bytes | None) -> Any:
    """The message in `payload`, of the type that `topic` carries.

    Raises MessageError with the cause: no value, too large, not JSON, wrong types, an unknown
    schema version, or characters that PostgreSQL cannot hold.
    """
    if payload is None:
        raise MessageError("message has no value")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(payload)} bytes; at most {MAX_MESSAGE_BYTES}")
    try:
        message = _decoders[topic].decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MessageError(f"not a {topic} message: {error}") from error
    if isinstance(message, RawArticle) and not _plausible(message.published_at):
        raise MessageError(f"published in the year {message.published_at:%Y}")
    # The escape is rare, so the walk over every string is too.
    if b"\\u0000" in payload and any("\0" in text for text in _strings(message)):
        raise MessageError("text holds a NUL character")
    return message


def _plausible(published_at: datetime | None) -> bool:
    """News of another era is a parser's mistake, and some of it no database can hold."""
    return published_at is None or 1900 <= published_at.year < 2200


def _strings(message: Message) -> Iterator[str]:
    """Every string of a message and of the structs inside it."""
    for value in msgspec.structs.astuple(message):
        if isinstance(value, str):
            yield value
        elif isinstance(value, msgspec.Struct):
            yield from _strings(cast(Message, value))


def json_schema(topic: str) -> dict[str, Any]:
    """JSON Schema of the topic's messages, for readers in other languages."""
    return msgspec.json.schema(TOPIC_TYPES[topic])


_TRACKING: Final = re.compile(r"^(utm_.*|fbclid|gclid|spm|share_token)$", re.IGNORECASE)


def canonical_address(url: str) -> str:
    """One spelling of an address: no fragment, tracking parameters, default port, upper-case host.

    Raises MessageError where it is no http(s) address.
    """
    try:
        url.encode()
        parts = urlsplit(url.strip(whitespace))
        host, port = (parts.hostname or "").lower(), parts.port
        query = _kept_query(parts.query)
    except ValueError as error:
        raise MessageError(f"not an address: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise MessageError("not an http or https address")
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}[parts.scheme]
    netloc = host if port in (None, default) else f"{host}:{port}"
    path = parts.path.rstrip("/" + whitespace) or "/"
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def _kept_query(query: str) -> str:
    """Parameters that tell articles apart, sorted; bytes that are not UTF-8 stay what they are."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = sorted((key, value) for key, value in pairs if not _TRACKING.match(key))
    return urlencode(kept, errors="surrogateescape")


def article_id(canonical: str) -> str:
    """First 16 bytes of sha256 of the canonical address, as 32 hex digits."""
    return hashlib.sha256(canonical.encode()).digest()[:16].hex()


def occurred_at(published_at: datetime | None, seen_at: datetime) -> datetime:
    """When it happened, as far as the system believes: never after it was seen."""
    return min(published_at, seen_at).astimezone(UTC) if published_at else seen_at.astimezone(UTC)
