"""Files that are either whole or not there, and the digests they are known by."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def folder_made_whole(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that takes its name when the block ends well.

    Readers never see a half-written folder. Where two processes make the same folder at once the
    first to end wins and the other's work is dropped. On an exception nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft.chmod(0o755)
        yield draft
        try:
            draft.rename(target)
        except OSError:
            # Renaming onto a folder that has files fails: someone else was first.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
