"""`tocsin link`: which issuers the texts in a file name."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline import settings
from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.lines import Out, answer

if TYPE_CHECKING:
    from pipeline.entities.linker import Linker

_CHUNK: Final = 1_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("link")(link)


def link(
    file: Annotated[
        Path, typer.Argument(help='JSON lines: {"id", "text"} or {"id", "title", "body"?}.')
    ],
    out: Out,
    gazetteer: Annotated[
        list[Path] | None,
        typer.Option(
            help="A CSV list of issuers beside those that Tocsin knows; may be given several "
            "times. Its first line says which form it has."
        ),
    ] = None,
) -> None:
    """Say which issuers every text in a file names, by name or by code, and where.

    Offsets count the characters of the text as it was given; where title and body are given, of
    the two with a line break between. Relevance is 1 in a headline, 0.4 in a lead, 0.2 elsewhere.
    """
    from pipeline.entities.linker import Linker
    from pipeline.entities.lists import read_issuers

    try:
        issuers = read_issuers([*settings.load().issuer_files, *(gazetteer or ())])
    except OSError as error:
        raise CommandError(unusable(error)) from error
    names = {one.entity_id: (one.name_en, one.name_zh) for one in issuers}
    linker, found = Linker(issuers), 0

    def answered(texts: Sequence[Text]) -> Iterator[Linked]:
        nonlocal found
        for text in texts:
            linked = Linked(text.id, list(_entities(linker, text, names)))
            found += len(linked.entities)
            yield linked

    done = answer(file, out, Text, _CHUNK, answered)
    print(
        f"\r{found} mentions of {len(issuers)} issuers in {done} texts, in {out}", file=sys.stderr
    )


class Text(msgspec.Struct, frozen=True):
    """One line to link."""

    id: str | int
    text: str | None = None
    title: str | None = None
    body: str = ""

    def __post_init__(self) -> None:
        if (self.text is None) == (self.title is None):
            raise ValueError("a line needs either a text or a title")


class LinkedEntity(msgspec.Struct, frozen=True):
    """One mention."""

    entity_id: str
    # The issuer's name in the language of the mention, where it has one.
    name: str
    text: str
    start: int
    end: int
    relevance: float


class Linked(msgspec.Struct, frozen=True):
    """One line's mentions, in order."""

    id: str | int
    entities: list[LinkedEntity]


def _entities(
    linker: "Linker", line: Text, names: dict[str, tuple[str, str]]
) -> Iterator[LinkedEntity]:
    from pipeline.entities.linker import headline_of

    if line.text is None:
        title = line.title or ""
        text, headline = f"{title}\n{line.body}", len(title)
    else:
        text, headline = line.text, headline_of(line.text)
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for place in linker.places(text, headline):
        english, zh = names[place.entity_id]
        name = (zh or english) if chinese else (english or zh)
        yield LinkedEntity(
            place.entity_id,
            name,
            text[place.start : place.end],
            place.start,
            place.end,
            place.relevance,
        )
