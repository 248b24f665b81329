"""Named SQL: `queries("ingest")["claim"]` is the statement under `-- name: claim` in that file."""

import re
from functools import cache
from importlib import resources
from typing import Final

_NAME: Final = re.compile(r"^-- name: ([a-z_]+)\s*$", re.MULTILINE)


@cache
def queries(group: str) -> dict[str, str]:
    """The statements of sql/queries/<group>.sql by name. Raises FileNotFoundError."""
    text = resources.files("sql").joinpath("queries", f"{group}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"sql/queries/{group}.sql names a statement twice")
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}
