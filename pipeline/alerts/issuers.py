"""The issuer that somebody means by a name or a code."""

from pipeline.errors import OperatorError
from pipeline.store import alerts as store
from pipeline.store.connection import Cursor


class UnknownIssuer(OperatorError):
    """The name belongs to no issuer, or to several; the message says which."""


def issuer_called(cursor: Cursor, name: str) -> dict[str, str]:
    """entity_id, name_en and name_zh of the one issuer with that id, name, code or alias.

    Raises UnknownIssuer.
    """
    found = store.issuers_called(cursor, name)
    if not found:
        raise UnknownIssuer(f"No issuer has the id, name, code or alias {name}.")
    if len(found) > 1:
        ids = ", ".join(one["entity_id"] for one in found)
        raise UnknownIssuer(f"{name} may be any of {ids}: give the id.")
    return found[0]
