"""What the YAML file of a news source says, typed and checked; errors say what to write."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
import yaml

from pipeline.errors import OperatorError
from pipeline.messages import Kind, MessageError, Publisher, Rights, canonical_address

Url = Annotated[str, msgspec.Meta(min_length=10, max_length=2_000)]

_SOURCE_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_RIGHTS: Final = re.compile(
    r"link|licensed|snippet (?P<characters>\d+)|full for (?P<days>\d+) days"
)


# The source that tries the path out. It is built in, and no file may take its name.
CANARY: Final = "canary"


class SourceError(OperatorError, ValueError):
    """A source file is wrong; the message names the file, the field and what to write."""


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a listing page keeps its articles."""

    # CSS selector of the links' <a> elements.
    css: str = "a"
    # Regular expression an article's address must match somewhere.
    pattern: str = ""
    # CSS selector of the <a> that leads to the next, older page.
    next: str | None = None
    # How many pages of the listing are read at most.
    pages: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 1


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place that news comes from."""

    # The name of its YAML file without the ending.
    source_id: str
    publisher: Publisher
    kind: Literal["feed", "sitemap", "listing"]
    # Feeds, sitemaps or first listing pages.
    urls: Annotated[tuple[Url, ...], msgspec.Meta(min_length=1)]
    # Sites its articles may lie on beside those of `urls`: registrable domains.
    sites: tuple[str, ...] = ()
    language: Literal["en", "zh"]
    # Zone of dates that are written without one.
    zone: str = "UTC"
    # Minutes between two visits.
    schedule: Annotated[int, msgspec.Meta(ge=1, le=10_080)] = 15
    # Minutes after which a known article is asked for again, lest a correction be missed.
    revisit: Annotated[int, msgspec.Meta(ge=1, le=10_080)] = 10
    # Articles listed with an older date than this are not fetched.
    lookback_days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] = 30
    rights: Rights = Rights()
    expected_per_day: Annotated[float, msgspec.Meta(ge=0)]
    article_kind: Kind = "news"
    # Kinds of articles whose address holds this text, before `article_kind`.
    kinds: dict[str, Kind] = msgspec.field(default_factory=dict)
    links: Links = Links()
    # sha256 of the file, to tell one state of it from another.
    digest: str

    def kind_of(self, url: str) -> Kind:
        """The kind of the article at this address."""
        return next((kind for part, kind in self.kinds.items() if part in url), self.article_kind)


# What to write, by field, for whoever got one wrong.
_HINTS: Final[Mapping[str, str]] = {
    "publisher": "four lines: id, name, owner, tier",
    "publisher.id": "lower-case letters, digits, dots and dashes, such as harbour-ledger",
    "publisher.tier": "one of: filing, wire, paper, portal, self-media",
    "kind": "one of: feed, sitemap, listing",
    "urls": "a list of http or https addresses",
    "language": "en or zh",
    "zone": "a zone such as Asia/Shanghai",
    "schedule": "minutes between visits, a whole number from 1 to 10080",
    "revisit": "minutes, a whole number from 1 to 10080",
    "lookback_days": "days, a whole number from 1 to 3650",
    "rights": "one of: link, snippet N, full for N days, licensed",
    "expected_per_day": "how many articles a day it usually has, such as 12",
    "article_kind": "one of: news, research, comment",
    "kinds": "lines such as /research/: research (one of news, research, comment)",
    "sites": "a list of domains such as example.com",
    "links": "css, pattern, next and pages of a listing",
    "links.pages": "a whole number from 1 to 1000",
    "links.pattern": "a regular expression such as /news/\\d+\\.html",
}


def load_sources(dirs: Iterable[Path]) -> dict[str, Source]:
    """Every `*.yml` of these folders by source_id, in order of the id.

    Raises SourceError for the first wrong file, and where two files have one name.
    """
    sources: dict[str, Source] = {}
    for path in sorted(file for folder in dirs for file in folder.glob("*.yml")):
        source = load_source(path)
        if source.source_id in sources:
            raise SourceError(f"{path}: another source file has this name; rename one of them.")
        sources[source.source_id] = source
    return dict(sorted(sources.items()))


def load_source(path: Path) -> Source:
    """The source in one file. Raises SourceError."""
    if path.stem == CANARY:
        raise SourceError(f"{path}: {CANARY} is the name of a source that is built in; rename it.")
    if not _SOURCE_ID.fullmatch(path.stem):
        raise SourceError(
            f"{path}: a file's name is its source's id; use lower-case letters, digits and dashes."
        )
    try:
        raw = path.read_bytes()
        parsed = yaml.safe_load(raw)
    except (OSError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: cannot be read as YAML: {error}") from error
    fields = {"source_id": path.stem, "digest": hashlib.sha256(raw).hexdigest()}
    try:
        source = msgspec.convert({**_fields(path, parsed), **fields}, Source)
    except msgspec.ValidationError as error:
        raise _explain(path, str(error)) from error
    _check(path, source)
    return source


def _fields(path: Path, parsed: object) -> dict[str, Any]:
    """The file's fields under the names and in the shapes of Source."""
    if not isinstance(parsed, dict):
        raise SourceError(f"{path}: write fields such as publisher, kind and urls.")
    fields: dict[str, Any] = dict(parsed)
    for name in fields.keys() & {"source_id", "digest"}:
        raise SourceError(
            f"{path}: field `{name}`: the file's name and content say it; take it out."
        )
    owner = fields.get("publisher")
    if isinstance(owner, dict):
        if unknown := set(owner) - {"id", "name", "owner", "tier"}:
            raise _wrong(path, "publisher", f"{', '.join(map(str, unknown))} is no field of it")
        named = {"publisher_id" if name == "id" else name: owner[name] for name in owner}
        fields["publisher"] = named
    if "rights" in fields:
        fields["rights"] = _rights(path, str(fields["rights"]))
    return fields


def _rights(path: Path, text: str) -> dict[str, Any]:
    match = _RIGHTS.fullmatch(text)
    if not match:
        raise _wrong(path, "rights", f"{text!r} is not understood")
    numbers = {name: int(digits) for name, digits in match.groupdict().items() if digits}
    return {"keep": text.split()[0], **numbers}


def _check(path: Path, source: Source) -> None:
    """What types alone cannot say."""
    try:
        ZoneInfo(source.zone)
    except (KeyError, ValueError, OSError) as error:
        raise _wrong(path, "zone", f"{source.zone!r} is no zone") from error
    try:
        re.compile(source.links.pattern)
    except re.error as error:
        raise _wrong(path, "links.pattern", f"{source.links.pattern!r}: {error}") from error
    for url in source.urls:
        try:
            canonical_address(url)
        except MessageError as error:
            raise _wrong(path, "urls", f"{url!r} is {error}") from error


def _wrong(path: Path, field: str, what: str) -> SourceError:
    hint = _HINTS.get(field) or _HINTS.get(field.split(".")[0], "what the guide to sources says")
    return SourceError(f"{path}: field `{field}`: {what}; write {hint}.")


_LOCATED: Final = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"(?:missing required|contains unknown) field `(?P<name>[^`]+)`")


def _explain(path: Path, message: str) -> SourceError:
    """msgspec's sentence, with the field's name in front and what to write behind."""
    match = _LOCATED.fullmatch(message.replace("publisher_id", "id"))
    what, where = (match["what"], match["where"] or "") if match else (message, "")
    where = re.sub(r"\[[^]]*\]", "", where)
    if named := _NAMED.search(what):
        where = ".".join(part for part in (where, named["name"]) if part)
    if "unknown field" in what:
        return SourceError(f"{path}: field `{where}`: there is no such field; take it out.")
    if not where:
        return SourceError(f"{path}: {what}; write fields such as publisher, kind and urls.")
    return _wrong(path, where, what)
