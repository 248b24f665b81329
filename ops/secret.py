"""Secrets of the embedded parts: made once, readable by their owner only."""

import os
import secrets
from pathlib import Path


def secret(path: Path) -> str:
    """The secret in this file, 64 random characters made at the first call."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Complete or not there at all: a reader never sees half of it.
        scratch = path.with_name(f"{path.name}.{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(secrets.token_urlsafe(48), encoding="ascii")
        scratch.rename(path)
    return path.read_text(encoding="ascii").strip()
