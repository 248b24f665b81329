"""Rules and recipients as TOML files."""

import json
from collections.abc import Mapping
from typing import Any


def dump(bodies: Mapping[str, Mapping[str, Any]]) -> str:
    """A TOML file with a table for each of these."""
    tables = []
    for name, body in bodies.items():
        lines = (f"{field} = {_value(value)}\n" for field, value in body.items())
        tables.append(f"[{name}]\n{''.join(lines)}")
    return "\n".join(tables)


def _value(value: Any) -> str:
    """As TOML writes it: strings, numbers, truth and lists are as in JSON."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_value(inner)}' for name, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
