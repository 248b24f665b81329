"""Text files that go in and out of a command."""

from pathlib import Path

from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.terminal import plain


def read_text(file: Path) -> str:
    """What the file says. Raises CommandError where it cannot be read, or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8.") from error


def put_text(text: str, out: Path | None) -> None:
    """Write it to the file; None: to the terminal. Raises CommandError."""
    if out is None:
        print(plain(text, lines=True), end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(unusable(error)) from error
