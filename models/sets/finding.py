"""Public sets by name: each is one module beside this one that says SET."""

import importlib
import pkgutil
from functools import cache

import models.sets
from models.errors import ModelError
from models.sets.spec import PublicSet


@cache
def public_sets() -> dict[str, PublicSet]:
    """Every public set, by name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(models.sets.__path__), key=lambda found: found.name):
        said = getattr(importlib.import_module(f"models.sets.{module.name}"), "SET", None)
        if isinstance(said, PublicSet):
            found[module.name] = said
    return found


def public_set(name: str) -> PublicSet:
    """The set of that name. Raises ModelError, which names those there are."""
    try:
        return public_sets()[name]
    except KeyError:
        known = ", ".join(public_sets())
        raise ModelError(f"There is no labelled set {name!r}; there are {known}.") from None
