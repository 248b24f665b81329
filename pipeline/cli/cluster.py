"""`tocsin cluster`: which articles of a file tell one story."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from pipeline.cli.classifier import Model, runtime_of
from pipeline.cli.errors import CommandError, unusable
from pipeline.cli.lines import Out, read, written

if TYPE_CHECKING:
    from models.runtime.protocol import Runtime
    from pipeline.clusters import Item, Joined

# Articles whose vectors are computed at once.
_CHUNK: Final = 256


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cluster")(cluster)


def cluster(
    file: Annotated[
        Path,
        typer.Argument(
            help='JSON lines: {"id", "title"|"text", "body"?, "publisher"?, "published_at"?}.'
        ),
    ],
    out: Out,
    model: Model = None,
) -> None:
    """Put the articles of a file into stories: copies, and reports of one event in other words.

    A story is named by the id of its first article. Articles more than three days behind the
    story's latest one do not join it; undated ones count in the order of the file.
    """
    from models.errors import ModelError
    from pipeline.clusters import Clusters

    try:
        texts = list(read(file, Article))
        runtime = runtime_of(model)
        items = list(_items(runtime, texts))
    except OSError as error:
        raise CommandError(unusable(error)) from error
    except ModelError as error:
        raise CommandError(str(error)) from error
    order = _oldest_first(items)
    clusters = Clusters()
    joined = {i: clusters.add(items[i]) for i in order}
    written(out, [_line(texts, order, i, joined[i]) for i in range(len(texts))])
    stories = len({one.story for one in joined.values()})
    print(f"\r{len(texts)} articles in {stories} stories, in {out}", file=sys.stderr)


class Article(msgspec.Struct, frozen=True):
    """One line to put into a story."""

    id: str | int
    title: str | None = None
    text: str | None = None
    body: str = ""
    publisher: str | None = None
    published_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.title is None and self.text is None:
            raise ValueError("a line needs a title or a text")

    @property
    def headline(self) -> str:
        """What it begins with."""
        return self.title if self.title is not None else self.text or ""


class Clustered(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line's story."""

    id: str | int
    story_id: str | int
    # The article of the story that it is nearest to, and how near, 0 to 1; not of the first one.
    copy_of: str | int | None = None
    similarity: float | None = None


def _items(runtime: "Runtime", texts: list[Article]) -> Iterator["Item"]:
    from pipeline.clusters import Item
    from pipeline.language import detect
    from pipeline.scoring import text_of
    from pipeline.stories import signature
    from pipeline.terms import rare

    for start in range(0, len(texts), _CHUNK):
        some = texts[start : start + _CHUNK]
        said = runtime.score([text_of(one.headline, one.body) for one in some])
        for one, prediction in zip(some, said, strict=True):
            lang = detect(text_of(one.headline, one.body)).partition("-")[0]
            at = one.published_at
            if at is not None and at.tzinfo is None:
                at = at.replace(tzinfo=UTC)
            yield Item(
                lang,
                at,
                signature(one.headline, one.body),
                prediction.vector if runtime.tells_events else None,
                rare(f"{one.headline} {one.body}"),
            )
        print(f"\r{start + len(some)} articles", end="", file=sys.stderr, flush=True)


def _oldest_first(items: list["Item"]) -> list[int]:
    """Places of the articles by time; an undated one comes behind the line before it."""
    times, latest = [], datetime.min.replace(tzinfo=UTC)
    for item in items:
        latest = item.at or latest
        times.append(latest)
    return sorted(range(len(items)), key=times.__getitem__)


def _line(texts: list[Article], order: list[int], number: int, joined: "Joined") -> Clustered:
    """`joined` counts the articles in the order they came, `number` in that of the file."""
    article, story = texts[number], texts[order[joined.story]]
    if joined.nearest is None:
        return Clustered(article.id, story.id)
    nearest = texts[order[joined.nearest]]
    return Clustered(article.id, story.id, nearest.id, round(joined.near, 4))
