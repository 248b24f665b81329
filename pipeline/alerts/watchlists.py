"""What a watchlist says, checked, and the file it is imported from."""

import json
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from models.labels import TOPICS
from pipeline.alerts.issuers import UnknownIssuer, issuer_called
from pipeline.errors import OperatorError
from pipeline.store import watchlists as store
from pipeline.store.connection import Connection, Cursor, transaction
from pipeline.store.watchlists import Kept, Kind

# Letters of any script: it stands in addresses, in files, and behind "watchlist:".
_NAME: Final = r"^\w[\w .&-]{0,39}\Z"
Name = Annotated[str, msgspec.Meta(pattern=_NAME)]
Owner = Annotated[str, msgspec.Meta(pattern=r"^\S[^\x00-\x1f\x7f]{0,59}\Z")]


class WatchlistError(OperatorError, ValueError):
    """A watchlist cannot be used; the message names it, the field and what is wrong."""


class Watchlist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file."""

    # The person or team it is kept for.
    owner: Owner
    # By any id, name or code that is known.
    issuers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


def check(name: str, body: Any) -> Watchlist:
    """The watchlist in `body`. Raises WatchlistError."""
    try:
        msgspec.convert(name, Name)
        found = msgspec.convert(body, Watchlist)
    except msgspec.ValidationError as error:
        raise WatchlistError(f"watchlist {name}: {error}") from None
    unknown = next((topic for topic in found.topics if topic not in TOPICS), None)
    if unknown:
        raise WatchlistError(f"watchlist {name}: topics: there is no topic {unknown}")
    return found


def load(cursor: Cursor, text: str) -> dict[str, Kept]:
    """The watchlists in a TOML file by name, their issuers found. Raises WatchlistError."""
    try:
        bodies = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WatchlistError(f"this is no TOML: {error}") from None
    found = {}
    for name, body in bodies.items():
        kept = check(name, body)
        named: set[tuple[Kind, str]] = {("topic", topic) for topic in kept.topics}
        for issuer in kept.issuers:
            try:
                named.add(("issuer", issuer_called(cursor, issuer)["entity_id"]))
            except UnknownIssuer as error:
                raise WatchlistError(f"watchlist {name}: issuers: {error}") from None
        found[name] = Kept(kept.owner, frozenset(named))
    return found


def tables(lists: Mapping[str, Kept]) -> dict[str, dict[str, Any]]:
    """As a file for `load` has them, each under its quoted name."""
    return {
        json.dumps(name, ensure_ascii=False): {
            "owner": kept.owner,
            "issuers": sorted(subject for kind, subject in kept.subjects if kind == "issuer"),
            "topics": sorted(subject for kind, subject in kept.subjects if kind == "topic"),
        }
        for name, kept in lists.items()
    }


def remove(link: Connection, name: str) -> bool:
    """Forget one; False where there is none. Raises WatchlistError where somebody is told by it."""
    with transaction(link) as cursor:
        told = store.watchers(cursor, name)
    if told:
        raise WatchlistError(
            f"watchlist {name}: told by it are {', '.join(told)}: change them first"
        )
    return store.remove(link, name)
