"""Files of JSON lines in, files of JSON lines out: what the commands that need no service share."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, TypeVar

import msgspec
import typer

from pipeline.cli.errors import CommandError, unusable

Line = TypeVar("Line", bound=msgspec.Struct)

Out = Annotated[Path, typer.Option("--out", help="JSON lines to write, in the same order.")]


def answer(
    file: Path,
    out: Path,
    of: type[Line],
    chunk: int,
    answers: Callable[[Sequence[Line]], Iterable[msgspec.Struct]],
) -> int:
    """Write to `out` what `answers` gives for every `chunk` lines of `file`; how many there were.

    Tells on the error stream how many are done. Raises CommandError for a line that is not as it
    must be, naming it, and for a file that cannot be read or written.
    """
    done = 0

    def all_answers() -> Iterator[msgspec.Struct]:
        nonlocal done
        lines = read(file, of)
        while some := list(islice(lines, chunk)):
            yield from answers(some)
            done += len(some)
            print(f"\r{done} lines", end="", file=sys.stderr, flush=True)

    written(out, all_answers())
    return done


def written(out: Path, lines: Iterable[msgspec.Struct]) -> None:
    """Write `lines` to `out`, whole or not at all. Raises CommandError for an unusable file."""
    try:
        with whole(out) as results:
            results.writelines(msgspec.json.encode(one) + b"\n" for one in lines)
    except OSError as error:
        raise CommandError(unusable(error)) from error


def read(path: Path, of: type[Line]) -> Iterator[Line]:
    """The lines of a file. Raises CommandError for one that is not as it must be."""
    decoder = msgspec.json.Decoder(of)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise CommandError(f"{path}:{number}: {error}") from error


@contextmanager
def whole(out: Path) -> Iterator[BinaryIO]:
    """A file that is there when all is written, and not before: what was cut short is no result."""
    draft = out.with_name(out.name + ".part")
    try:
        with draft.open("wb") as results:
            yield results
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)
