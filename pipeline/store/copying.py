"""COPY: rows of Python values in PostgreSQL's text format."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pipeline.store.connection import Cursor

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Json(str):
    """A JSON document, passed through as it is."""

    @classmethod
    def of(cls, value: Any) -> "Json":
        """The document of a plain value."""
        return cls(json.dumps(value, ensure_ascii=False))


def copy_rows(cursor: Cursor, statement: str, rows: Iterable[Sequence[Any]]) -> int:
    """Send rows through `COPY … FROM STDIN`; returns how many. No row, no statement."""
    lines = ["\t".join(map(_field, row)) for row in rows]
    if lines:
        cursor.copy_expert(statement, io.StringIO("\n".join(lines) + "\n"))
    return len(lines)


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "{" + ",".join(format(float(number), ".9g") for number in value) + "}"
    return str(value)
